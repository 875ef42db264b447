import { promises as fs } from "node:fs";
import { Limiter } from "../concurrency.ts";
import type { Problem } from "../errors.ts";
import { O } from "../kernel/constants.ts";
import { errorCode, errorReason } from "../kernel/errno.ts";
import { rowProblem } from "../plan/entry.ts";
import { type Expectation, type Original, SMALL_FILE } from "../plan/expectation.ts";
import { formatLocation, type Location } from "../plan/layout.ts";
import { versionOf } from "./look.ts";
import { type MountInfo, parseMountInfo } from "./mountinfo.ts";
import { fdPath, type Root } from "./root.ts";

/** Checks that the root is what the plan promised; each finding is a problem of the row. */
export async function verify(
  root: Root,
  expectations: readonly Expectation[],
  width: number,
): Promise<Problem[]> {
  const mounts = parseMountInfo(await fs.readFile("/proc/self/mountinfo", "utf8"));
  const byPoint = new Map(mounts.map((mount) => [mount.mountPoint, mount]));
  const limiter = new Limiter(width);
  const found = await Promise.all(
    expectations.map((expectation) => limiter.run(() => checkOne(root, expectation, byPoint))),
  );
  return found.filter((problem) => problem !== undefined);
}

async function checkOne(
  root: Root,
  expectation: Expectation,
  mounts: ReadonlyMap<string, MountInfo>,
): Promise<Problem | undefined> {
  try {
    const wrong = await whatIsWrong(root, expectation, mounts);
    if (wrong === undefined) return undefined;
    const changed = expectation.kind === "content" && (await hasChanged(root, expectation.of));
    return changed ? changedMeanwhile(expectation) : unexpected(expectation, wrong);
  } catch (error) {
    return unexpected(expectation, `it cannot be looked at: ${errorReason(error)}`);
  }
}

function unexpected(expectation: Expectation, found: string): Problem {
  return rowProblem(
    expectation.row,
    "verify",
    `after everything was placed, ${found}`,
    "look in /.statelite/statelite.log for what was done to this path; run liteimg for the image again",
  );
}

/** A server is not stopped while its nodes boot: what was edited meanwhile is no reason to stop one. */
function changedMeanwhile({ row }: Expectation): Problem {
  const found =
    "what it was made from was changed while this node booted; the node has what was there before";
  return {
    ...rowProblem(row, "source-changed", found, "boot again if the node must have the change"),
    class: "note",
  };
}

async function whatIsWrong(
  root: Root,
  expectation: Expectation,
  mounts: ReadonlyMap<string, MountInfo>,
): Promise<string | undefined> {
  const { path } = expectation;
  switch (expectation.kind) {
    case "same": {
      const [seen, wanted] = await Promise.all([
        identity(root, { tree: "/", path }),
        identity(root, expectation.as),
      ]);
      return seen === wanted ? undefined : `${path} is not what lies at ${formatLocation(expectation.as)}`;
    }
    case "mounted": {
      const real = await root.with({ tree: "/", path }, O.PATH, (fd) => fs.readlink(fdPath(fd)));
      const mount = mounts.get(real);
      if (mount === undefined) return `nothing is mounted at ${path}`;
      if (expectation.overlay && mount.type !== "overlay")
        return `a ${mount.type} is mounted at ${path}, an overlay was wanted`;
      const readonly = mount.options.includes("ro");
      return expectation.readonly && !readonly ? `${path} is mounted, but can be written to` : undefined;
    }
    case "content": {
      const seen = await bytes(root, { tree: "/", path });
      // One that is gone or cannot be read any more has changed; if it has not, that is what is wrong.
      const originals = Promise.all(expectation.of.map(({ location }) => bytes(root, location)));
      const parts = await originals.catch((error: unknown) => errorReason(error));
      if (typeof parts === "string") return `what ${path} was made from cannot be looked at: ${parts}`;
      return seen.equals(Buffer.concat(parts))
        ? undefined
        : `${path} does not hold the bytes of what it was made from`;
    }
    default:
      return expectation satisfies never;
  }
}

/** Whether one of the files is no more what it was when the plan was made. */
async function hasChanged(root: Root, originals: readonly Original[]): Promise<boolean> {
  const changed = originals.map(async ({ location, version }) => {
    if (version === undefined) return false;
    try {
      return (
        (await root.with(location, O.PATH, async (fd) => versionOf(await fs.stat(fdPath(fd))))) !== version
      );
    } catch (error) {
      if (errorCode(error) === "ENOENT" || errorCode(error) === "ESTALE") return true;
      throw error;
    }
  });
  return (await Promise.all(changed)).includes(true);
}

/** Device and inode number: the same for two paths of the same thing, and for no others. */
function identity(root: Root, location: Location): Promise<string> {
  return root.with(location, O.PATH, async (fd) => {
    const { dev, ino } = await fs.stat(fdPath(fd), { bigint: true });
    return `${dev}:${ino}`;
  });
}

function bytes(root: Root, location: Location): Promise<Buffer> {
  return root.with(location, O.PATH, async (fd) => {
    const stats = await fs.stat(fdPath(fd));
    // A device or FIFO could wait for ever, or have no end; and what was small a moment ago may be no more.
    if (!stats.isFile() || stats.size > SMALL_FILE) return Buffer.alloc(0);
    return fs.readFile(fdPath(fd));
  });
}
