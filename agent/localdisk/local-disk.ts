import { BootError } from "../errors.ts";
import type { Log } from "../log.ts";
import { LAYOUT } from "../plan/layout.ts";
import { carryOutDisks, type DiskContext } from "./carry-out.ts";
import { findDevices } from "./devices.ts";
import { prepareMountpoint } from "./mountpoint.ts";
import { CORRECT, readPartitionFile } from "./partition-file.ts";
import { diskProblem, type FormatFile, planDisks } from "./plan.ts";
import { runScript } from "./script.ts";

/** Long enough for mkfs on a few disks, one after the other. */
const SCRIPT_SECONDS = 300;

export interface LocalDiskRequest {
  /** The lines of `getpartition`'s answer. */
  readonly replies: readonly string[];
  readonly node?: string;
}

/**
 * Does to this node's disks what the partition file says (semantics section 7).
 * @returns where inside the root the local space is mounted; nothing where the file wants none
 * @throws BootError with all that is wrong, before anything is changed; or with the step that failed
 */
export async function setUpLocalDisk(
  { replies, node }: LocalDiskRequest,
  context: DiskContext,
): Promise<string | undefined> {
  const read = readPartitionFile(replies);
  if ("problems" in read) throw new BootError(read.problems);
  const { file } = read;
  switch (file.kind) {
    case "off":
      context.log.say("local disk: enable is not yes in the partition file: the disks are left alone");
      return undefined;
    case "script":
      return script(file.text, node, context);
    case "format":
      return format(file, context);
    default:
      return file satisfies never;
  }
}

async function format(file: FormatFile, context: DiskContext): Promise<string | undefined> {
  const { root, calls, log } = context;
  const plan = planDisks(file, await observe(file, context.appearSeconds));
  for (const note of plan.notes) log.say(`local disk: ${note}`);
  const [first, ...others] = plan.problems;
  if (first !== undefined) throw new BootError([first, ...others]);
  if (file.localSpace !== undefined) await prepareMountpoint(root, calls);
  await carryOutDisks(plan.ops, context);
  for (const op of plan.ops) {
    if (op.kind !== "partition" || op.loses === "nothing") continue;
    log.say(
      `local disk: ${op.device} was emptied, as it is at every boot: set enablepart=no if that is not wanted`,
    );
  }
  return done(file, log);
}

async function observe(file: FormatFile, seconds: number | undefined) {
  try {
    return await findDevices(file, seconds);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new BootError([diskProblem("the disks that the partition file names", words, CORRECT)], {
      cause: error,
    });
  }
}

function done({ localSpace, swap }: FormatFile, log: Log): string | undefined {
  const swaps = swap.length > 0 ? `, swap on ${swap.join(", ")}` : "";
  if (localSpace === undefined) {
    log.say(`local disk: no [localspace]${swaps}`);
    return undefined;
  }
  log.say(`local disk: ${localSpace.device} on ${LAYOUT.localDisk}${swaps}`);
  return LAYOUT.localDisk;
}

async function script(text: string, node: string | undefined, { root, calls, log }: DiskContext) {
  await prepareMountpoint(root, calls);
  const request = {
    text,
    root: root.path,
    localSpace: root.outside(LAYOUT.localDisk),
    seconds: SCRIPT_SECONDS,
  };
  const mounted = await runScript({ ...request, ...(node !== undefined && { node }) }, log);
  log.say(`local disk: the script has mounted ${mounted ? "it" : "nothing"} on ${LAYOUT.localDisk}`);
  return mounted ? LAYOUT.localDisk : undefined;
}
