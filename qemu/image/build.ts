import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "../command.ts";
import { built, out } from "../paths.ts";
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
  const root = join(store, `plain-${digest(suite, dpkgOptions, definition)}`, "rootimg");
  if (existsSync(root)) return root;
  console.log(
    `image: building Debian ${suite} with ${definition.packages.join(", ")} (half a minute or two)`,
  );
  await intoPlace(dirname(root), async (fresh) => {
    const options = [
      ...aptOptions.flatMap((o) => ["--aptopt", o]),
      ...dpkgOptions.flatMap((o) => ["--dpkgopt", o]),
    ];
    const hook = join(fresh, "customise");
    writeFileSync(hook, `#!/bin/sh\n${definition.customise}`, { mode: 0o755 });
    await run(
      [
        ...[
          "mmdebstrap",
          "--quiet",
          "--variant=minbase",
          `--include=${definition.packages.join(",")}`,
          ...options,
        ],
        ...[`--customize-hook=${hook} "$1"`, suite, join(fresh, "rootimg"), ...lines],
      ],
      { seconds: 900, remedy: "see that the mirrors in /etc/apt are reached; apt-get update shows it" },
    );
    for (const [path, { text, mode }] of Object.entries(definition.files)) {
      const file = join(fresh, "rootimg", path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      chmodSync(file, mode ?? 0o644);
    }
    rmSync(hook);
  });
  return root;
}

/**
 * A copy of an image that `liteimg` has prepared for a litefile table.
 *
 * @param tables folder of CSV tables
 * @param image the image's name in them
 * @returns the folder above `rootimg`, which is what `NFSROOT` names
 */
export async function prepareImage(plainRoot: string, tables: string, image: string): Promise<string> {
  const litefile = readFileSync(join(tables, "litefile.csv"));
  const server = createHash("sha256").update(readFileSync(built.server)).digest("hex");
  const folder = join(store, `lite-${digest(plainRoot, litefile.toString("latin1"), server, image)}`);
  if (existsSync(folder)) return folder;
  console.log("image: preparing a copy with liteimg");
  await intoPlace(folder, async (fresh) => {
    const root = join(fresh, "rootimg");
    await run(["cp", "-a", plainRoot, root], { seconds: 120 });
    await run([built.server, "liteimg", "--tables", tables, "--root", root, image], { seconds: 120 });
  });
  return folder;
}

/** Builds aside and renames: what is at `folder` is whole, also when two build it at once or one is interrupted. */
async function intoPlace(folder: string, build: (fresh: string) => Promise<void>): Promise<void> {
  const fresh = `${folder}.${process.pid}.tmp`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  try {
    await build(fresh);
    renameSync(fresh, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // Else another process was faster: the same content.
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Names what went into something: the same input, the same name. */
function digest(...parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}
