import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { run } from "../command.ts";
import { built, out } from "../paths.ts";
import { tied } from "../tied.ts";
import { dpkgOptions, type ImageDefinition } from "./definition.ts";
import { hostSources } from "./sources.ts";

/** Where images are kept, each in a folder named by what went into it. */
const store = join(out, "image");

/**
 * The image's tree as the packages and the administrator leave it, built once for each definition.
 *
 * @returns its root
 */
export async function buildImage(definition: ImageDefinition): Promise<string> {
  const { suite, lines, aptOptions } = await hostSources();
  const folder = join(store, `plain-${digest(suite, dpkgOptions, definition)}`);
  if (!existsSync(folder)) {
    console.log(
      `image: building Debian ${suite} with ${definition.packages.join(", ")} (half a minute or two)`,
    );
    await intoPlace(folder, async (fresh) => {
      const hook = join(fresh, "customise");
      writeFileSync(hook, `#!/bin/sh\n${definition.customise}`, { mode: 0o755 });
      const options = [
        ...aptOptions.flatMap((o) => ["--aptopt", o]),
        ...dpkgOptions.flatMap((o) => ["--dpkgopt", o]),
      ];
      await run(
        // With its own mounts and processes: whatever ends this, the image's /dev, /proc and /sys go with it.
        // By SIGKILL, as unshare(1) ignores SIGTERM while its child runs.
        tied("KILL", [
          ...[
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "--propagation",
            "private",
          ],
          ...["mmdebstrap", "--quiet", "--variant=minbase", `--include=${definition.packages.join(",")}`],
          ...[...options, `--customize-hook=${hook} "$1"`, suite, join(fresh, "rootimg"), ...lines],
        ]),
        {
          seconds: 900,
          remedy: "see that out/ has 1 GB to grow, and that apt-get update reaches the mirrors in /etc/apt",
        },
      );
      rmSync(hook);
    });
  }
  return join(folder, "rootimg");
}

export interface Preparation {
  /** Root of the tree to start from; it is copied. */
  readonly plain: string;
  /** A folder of files to put in, owned by root. */
  readonly overlay: string;
  /** A folder of CSV tables, and the image's name in them. */
  readonly tables: string;
  readonly image: string;
}

/**
 * A copy of an image with further files, prepared by `liteimg` for a litefile table.
 *
 * @returns the folder above `rootimg`, which is what `NFSROOT` names
 */
export async function prepareImage({ plain, overlay, tables, image }: Preparation): Promise<string> {
  const litefile = readFileSync(join(tables, "litefile.csv"), "latin1");
  const folder = join(
    store,
    `lite-${digest(plain, treeDigest(overlay), litefile, fileDigest(built.server), image)}`,
  );
  if (!existsSync(folder)) {
    console.log(`image: preparing a copy of ${dirname(plain)} with liteimg`);
    await intoPlace(folder, async (fresh) => {
      const root = join(fresh, "rootimg");
      await run(["cp", "-a", plain, root], { seconds: 120 });
      await run(["cp", "-R", "--no-dereference", "--preserve=mode", `${overlay}/.`, root], { seconds: 60 });
      await run([built.server, "liteimg", "--tables", tables, "--root", root, image], { seconds: 120 });
    });
    await forgetOld();
  }
  const now = new Date();
  utimesSync(folder, now, now);
  return folder;
}

/** Builds aside and renames: what is at `folder` is whole, also when two build it at once or one is interrupted. */
async function intoPlace(folder: string, build: (fresh: string) => Promise<void>): Promise<void> {
  await sweep();
  const fresh = `${folder}.${process.pid}.tmp`;
  await remove(fresh);
  mkdirSync(fresh, { recursive: true });
  try {
    await build(fresh);
    renameSync(fresh, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // Else another process was faster: the same content.
  } finally {
    await remove(fresh);
  }
}

/** Removes what builds left behind that were killed. */
async function sweep(): Promise<void> {
  for (const name of existsSync(store) ? readdirSync(store) : []) {
    const pid = /\.(\d+)\.tmp$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await remove(join(store, name));
  }
}

/** Each new server or table makes another copy of 200 MB: those that nothing has used for two hours go. */
async function forgetOld(): Promise<void> {
  const limit = Date.now() - 2 * 3600 * 1000;
  for (const name of readdirSync(store).filter((candidate) => /^lite-[0-9a-f]+$/.test(candidate))) {
    if (lstatSync(join(store, name)).mtimeMs < limit) await remove(join(store, name));
  }
}

/** Never across a mount: below an image that is being built lie this host's own devices. */
async function remove(folder: string): Promise<void> {
  await run(["rm", "-rf", "--one-file-system", folder], { seconds: 120 });
}

/** Names what went into something: the same input, the same name. */
function digest(...parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

function fileDigest(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Paths, modes and contents below a folder. */
function treeDigest(folder: string): string {
  const hash = createHash("sha256");
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    const file = join(folder, path);
    const status = lstatSync(file);
    hash.update(`${path}\0${status.mode}\0`);
    if (status.isSymbolicLink()) hash.update(readlinkSync(file));
    if (status.isFile()) hash.update(readFileSync(file));
  }
  return hash.digest("hex");
}
