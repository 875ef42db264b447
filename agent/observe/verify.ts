import { promises as fs } from "node:fs";
import { Limiter } from "../concurrency.ts";
import type { Problem } from "../errors.ts";
import type { KernelCalls } from "../kernel/calls.ts";
import { O } from "../kernel/constants.ts";
import { errorCode, errorReason } from "../kernel/errno.ts";
import type { Inspected } from "../kernel/inspect.ts";
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
  calls: KernelCalls,
  width: number,
): Promise<Problem[]> {
  const mounts = parseMountInfo(await fs.readFile("/proc/self/mountinfo", "utf8"));
  const byPoint = new Map(mounts.map((mount) => [mount.mountPoint, mount]));
  const limiter = new Limiter(width);
  const looked = new Map<string, Promise<Inspected>>();
  const see: See = (location) => {
    const key = `${location.tree}\0${location.path}`;
    const seen = looked.get(key) ?? root.place(location).then(calls.inspect);
    looked.set(key, seen);
    return seen;
  };
  const found = await Promise.all(
    expectations.map((expectation) =>
      limiter.run(() => checkOne({ root, calls, see }, expectation, byPoint)),
    ),
  );
  return found.filter((problem) => problem !== undefined);
}

/** What an inode is that several expectations may be about. */
type See = (location: Location) => Promise<Inspected>;

interface Eyes {
  readonly root: Root;
  readonly calls: KernelCalls;
  readonly see: See;
}

async function checkOne(
  eyes: Eyes,
  expectation: Expectation,
  mounts: ReadonlyMap<string, MountInfo>,
): Promise<Problem | undefined> {
  try {
    const wrong = await whatIsWrong(eyes, expectation, mounts);
    if (wrong === undefined) return undefined;
    const changed = expectation.kind === "content" && (await hasChanged(eyes.root, expectation.of));
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
  { root, calls, see }: Eyes,
  expectation: Expectation,
  mounts: ReadonlyMap<string, MountInfo>,
): Promise<string | undefined> {
  const { path } = expectation;
  switch (expectation.kind) {
    case "same": {
      const [seen, wanted] = await Promise.all([see({ tree: "/", path }), see(expectation.as)]);
      return seen.identity === wanted.identity
        ? undefined
        : `${path} is not what lies at ${formatLocation(expectation.as)}`;
    }
    case "mounted": {
      const mount = mounts.get((await see({ tree: "/", path })).place);
      if (mount === undefined) return `nothing is mounted at ${path}`;
      if (expectation.overlay && mount.type !== "overlay")
        return `a ${mount.type} is mounted at ${path}, an overlay was wanted`;
      const readonly = mount.options.includes("ro");
      return expectation.readonly && !readonly ? `${path} is mounted, but can be written to` : undefined;
    }
    case "content": {
      const [seen, originals] = await Promise.all([
        root.place({ tree: "/", path }),
        Promise.all(expectation.of.map(({ location }) => root.place(location))),
      ]);
      // One that is gone or cannot be read any more has changed; if it has not, that is what is wrong.
      const same = await calls.sameContent(seen, originals, SMALL_FILE);
      if (typeof same === "string") return `what ${path} was made from cannot be looked at: ${same}`;
      return same ? undefined : `${path} does not hold the bytes of what it was made from`;
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
        (await root.with(location, O.PATH, async (fd) =>
          versionOf(await fs.stat(fdPath(fd), { bigint: true })),
        )) !== version
      );
    } catch (error) {
      if (errorCode(error) === "ENOENT" || errorCode(error) === "ESTALE") return true;
      throw error;
    }
  });
  return (await Promise.all(changed)).includes(true);
}
