import { promises as fs } from "node:fs";
import { Limiter } from "../concurrency.ts";
import type { Problem } from "../errors.ts";
import { O } from "../kernel/constants.ts";
import { errorReason } from "../kernel/errno.ts";
import { rowProblem } from "../plan/entry.ts";
import { type Expectation, SMALL_FILE } from "../plan/expectation.ts";
import { formatLocation, type Location } from "../plan/layout.ts";
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
    return wrong === undefined ? undefined : unexpected(expectation, wrong);
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
      const [seen, ...parts] = await Promise.all(
        [{ tree: "/", path }, ...expectation.of].map((l) => bytes(root, l)),
      );
      return seen?.equals(Buffer.concat(parts))
        ? undefined
        : `${path} does not hold the bytes of what it was made from`;
    }
    default:
      return expectation satisfies never;
  }
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
