import { promises as fs, readFileSync } from "node:fs";
import { BootError, fatal, type Problem } from "../errors.ts";
import { errorCode, errorReason } from "../kernel/errno.ts";
import type { Root } from "../observe/root.ts";
import { LAYOUT } from "../plan/layout.ts";
import { type Found, inOwn, makeOwn, type Prepared, prepareJson, readJson } from "./files.ts";
import { judgeLease, judgeOwner, type Machine, readLease } from "./lease.ts";

/** Whether the node's state is its own and can be written to, before anything else is written there. */

const OWNER = "owner.json";
const LEASE = "lease.json";

/** A state that was taken. */
export interface ClaimedState {
  readonly problems: readonly Problem[];
  /** Whether it is still this machine's: a problem where another one has taken it since. */
  check(): Promise<Problem | undefined>;
}

/**
 * Takes the state directory mounted at `tree` for this boot: looks whose it is, and leaves a lease.
 *
 * @param strict another machine's lease ends the boot while it is young
 * @throws BootError where it cannot be written to, is another node's, or, with `strict`, another machine's
 */
export async function claimState(
  root: Root,
  tree: string,
  self: Machine,
  strict: boolean,
): Promise<ClaimedState> {
  const claim = async <T>(use: (directory: number) => Promise<T>): Promise<T> => {
    try {
      return await inOwn(root, tree, use);
    } catch (error) {
      throw error instanceof BootError ? error : unusable(error, tree);
    }
  };
  await makeOwn(root, tree).catch((error: unknown) => {
    throw unusable(error, tree);
  });
  const problem = await claim((directory) => take(directory, self, tree, strict));
  return {
    problems: problem === undefined ? [] : [problem],
    check: () =>
      claim(async (directory) => {
        const found = leaseOf(await readJson(directory, LEASE));
        return found === undefined || found.boot === self.boot
          ? undefined
          : judgeLease(found, { ...self, addresses: [] }, 0, tree, strict);
      }),
  };
}

async function take(directory: number, self: Machine, on: string, strict: boolean) {
  const owner = await readJson(directory, OWNER);
  const foreign = judgeOwner(owner?.json, self.node, on);
  if (foreign !== undefined) throw new BootError([foreign]);
  const before = await readJson(directory, LEASE);
  const own = await prepareJson(directory, LEASE, { ...self, at: new Date().toISOString() });
  const age = before === undefined ? 0 : (own.modified - before.modified) / 1000;
  const problem = judgeLease(leaseOf(before), self, age, on, strict);
  if (problem?.class === "fatal") {
    await own.drop();
    throw new BootError([problem]);
  }
  const named = readNode(owner) === self.node ? undefined : await prepareOwner(directory, self, own);
  await own.commit();
  await named?.commit();
  return problem;
}

/** Both have room, or neither is written. */
async function prepareOwner(directory: number, { node }: Machine, lease: Prepared): Promise<Prepared> {
  try {
    return await prepareJson(directory, OWNER, { node });
  } catch (error) {
    await lease.drop();
    throw error;
  }
}

function leaseOf(found: Found | undefined) {
  return readLease(found?.json);
}

function readNode(found: Found | undefined): unknown {
  return typeof found?.json === "object" && found.json !== null && "node" in found.json
    ? found.json.node
    : undefined;
}

/** A link that must not be followed is no directory either, to open(2). */
const NO_DIRECTORY = "remove the file or link .statelite there: the agent's own directory was wanted";

const REMEDIES: Readonly<Record<string, readonly ["state-read-only" | "state-full" | "state-area", string]>> =
  {
    EROFS: ["state-read-only", "export it read-write (exportfs -v on the server shows rw), and see MNTOPTS"],
    EACCES: ["state-read-only", "export it read-write and with no_root_squash"],
    EPERM: ["state-read-only", "export it read-write and with no_root_squash"],
    ENOSPC: ["state-full", "make room in the persistent area"],
    EDQUOT: ["state-full", "raise the quota of the persistent area"],
    ELOOP: ["state-area", NO_DIRECTORY],
    ENOTDIR: ["state-area", NO_DIRECTORY],
    EISDIR: [
      "state-area",
      `remove the directory ${LEASE} or ${OWNER} in .statelite there: a file of the agent's own was wanted`,
    ],
  };

function unusable(error: unknown, tree: string): BootError {
  const [code, remedy] = REMEDIES[errorCode(error) ?? ""] ?? [
    "state-area",
    "look at the persistent area on its server",
  ];
  const doing = "write the node's lease into its state";
  return fatal(code, { doing, on: `${tree}${LAYOUT.statelite}`, found: errorReason(error), remedy }, error);
}

/** This machine, as it tells itself from others: by its boot and the addresses of its network cards. */
export async function thisMachine(node: string): Promise<Machine> {
  const cards = "/sys/class/net";
  const names = await fs.readdir(cards).catch(() => []);
  const addresses = await Promise.all(
    names
      .filter((name) => name !== "lo")
      .map((name) => fs.readFile(`${cards}/${name}/address`, "utf8").catch(() => "")),
  );
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const real = addresses.map((text) => text.trim()).filter((text) => /[1-9a-f]/.test(text));
  return { node, boot, addresses: [...new Set(real)].sort().slice(0, 16) };
}
