import type { CommandRunner } from "../../agent/rows/litetree.ts";
import { imageOf, nodeAttribute } from "../../agent/rows/nodes.ts";
import { type TableSet, tableOf } from "../../agent/rows/table.ts";
import type { TableEdit } from "../edit/editor.ts";
import { addressesOf } from "./addresses.ts";
import { assignImage } from "./assign.ts";
import { type BootState, commandLine } from "./configuration.ts";
import { bootFacts, imageDirectory } from "./facts.ts";
import { bootFilesOf, type CopyNeeded, neededCopies } from "./image-files.ts";
import { type NodeAddresses, nodeFiles, type TftpFile } from "./layout.ts";
import { isPlainName, isTaken } from "./names.ts";
import { bootParameters } from "./parameters.ts";

/** What becomes of one node. */
export interface NodePlan {
  readonly node: string;
  /** What `stat` will say. */
  readonly state: string;
  /** Of a node with an image. */
  readonly image?: string;
  /** Without `BOOTIF`. */
  readonly commandLine?: string;
  readonly files: readonly TftpFile[];
}

/** All that `nodeset` is going to do, in this order. */
export interface NodesetPlan {
  readonly copies: readonly CopyNeeded[];
  readonly assign: TableEdit | undefined;
  readonly nodes: readonly NodePlan[];
  /** One line for each node, or image, of which nothing will become. */
  readonly problems: readonly string[];
}

export interface NodesetWorld {
  readonly set: TableSet;
  readonly tftp: string;
  /** What is in the TFTP directory stays, whatever lies beside the image. */
  readonly keepBootFiles: boolean;
  readonly runCommand: CommandRunner;
}

/** So many name services are asked at once. */
const side = 32;

/** Nodes that boot an image: the one given, or each its own. */
export async function planImage(
  world: NodesetWorld,
  nodes: readonly string[],
  given: string | undefined,
): Promise<NodesetPlan> {
  const { set } = world;
  const copies = new Map<string, readonly CopyNeeded[] | string>();
  const copiesFor = async (image: string): Promise<readonly CopyNeeded[]> => {
    let found = copies.get(image);
    if (found === undefined) {
      found = await copiesOf(world, image).catch((error: unknown) => messageOf(error));
      copies.set(image, found);
    }
    if (typeof found === "string") throw new Error(found);
    return found;
  };
  const { plans, problems } = await each(nodes, async (node) => {
    const image = given ?? imageOf(set, node);
    if (image === undefined)
      throw new Error("it does not have os, arch, or profile defined in nodetype table: name an image");
    await copiesFor(image);
    const state = await imageState(world, node, image);
    const files = nodeFiles(node, state, await findableBy(set, node));
    const line = commandLine(state);
    return { node, state: state.label, image, commandLine: line, files };
  });
  const assign =
    given === undefined
      ? undefined
      : assignImage(
          set,
          plans.map(({ node }) => node),
          given,
        );
  const needed = [...copies.values()].flatMap((found) => (typeof found === "string" ? [] : found));
  return { copies: needed, assign, nodes: plans, problems };
}

/** Nodes that boot from their own disk. */
export async function planBoot({ set }: NodesetWorld, nodes: readonly string[]): Promise<NodesetPlan> {
  const state: BootState = { kind: "boot" };
  const { plans, problems } = await each(nodes, async (node) => {
    return { node, state: state.kind, files: nodeFiles(node, state, await findableBy(set, node)) };
  });
  return { copies: [], assign: undefined, nodes: plans, problems };
}

/**
 * What the node's files are found by.
 *
 * @throws Error where its boot loader would not find them, or reads others
 */
async function findableBy(set: TableSet, node: string): Promise<NodeAddresses> {
  const loader = nodeAttribute(set, node, "noderes", "netboot");
  if (!["", "xnba", "pxe"].includes(loader))
    throw new Error(`noderes.netboot is ${loader}, whose files are not written here: xnba and pxe are`);
  const found = await addressesOf(set, node);
  if (loader === "pxe" && found.macs.length === 0 && found.addresses.length === 0)
    throw new Error(
      "pxelinux would not find its file: neither mac.mac nor hosts.ip nor the name service knows it",
    );
  return found;
}

async function copiesOf(
  { set, tftp, keepBootFiles }: NodesetWorld,
  image: string,
): Promise<readonly CopyNeeded[]> {
  if (!isPlainName(image)) throw new Error(`${JSON.stringify(image)} cannot be the name of a folder`);
  const osimage = tableOf(set, "osimage");
  const row = osimage.rowsWhere("imagename", image)[0];
  if (row === undefined) throw new Error(`The osimage named '${image}' is not defined.`);
  const method = osimage.cell(row, "provmethod");
  if (method !== "" && method !== "statelite")
    throw new Error(`${image} is for ${method}, not for statelite: see provmethod in the osimage table`);
  const copies = await neededCopies(bootFilesOf(image), tftp, imageDirectory(set, image));
  return keepBootFiles ? [] : copies;
}

async function imageState({ set, runCommand }: NodesetWorld, node: string, image: string) {
  const facts = await bootFacts(set, node, image, runCommand);
  return {
    kind: "image",
    label: `statelite ${facts.label}`,
    ...bootFilesOf(image),
    parameters: bootParameters(facts),
    httpPort: facts.httpPort,
  } as const satisfies BootState;
}

/** What becomes of each node, and of which nothing does: one of a thousand must not stop the others. */
async function each(nodes: readonly string[], plan: (node: string) => Promise<NodePlan>) {
  const plans: NodePlan[] = [];
  const problems: string[] = [];
  for (let first = 0; first < nodes.length; first += side) {
    const some = nodes.slice(first, first + side);
    const results = await Promise.allSettled(
      some.map(async (node) => {
        if (!isPlainName(node) || isTaken(node)) throw new Error("its name cannot be that of its boot file");
        return plan(node);
      }),
    );
    for (const [index, result] of results.entries()) {
      if (result.status === "fulfilled") plans.push(result.value);
      else problems.push(`${some[index]}: ${messageOf(result.reason)}`);
    }
  }
  const shared = sharedLinks(plans);
  return {
    plans: plans.filter(({ node }) => !shared.has(node)),
    problems: [...problems, ...shared.values()],
  };
}

/** Of two nodes with one address the boot loader of each would read what is for the other; by node, in words. */
function sharedLinks(plans: readonly NodePlan[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  const shared = new Map<string, string>();
  for (const { node, files } of plans)
    for (const file of files) {
      if (!("link" in file)) continue;
      const owner = owners.get(file.path) ?? node;
      owners.set(file.path, owner);
      if (owner === node) continue;
      const complain = (one: string, other: string): void =>
        void shared.set(one, `${one}: ${file.path} would be that of ${other}, too: they have one address`);
      complain(node, owner);
      complain(owner, node);
    }
  return shared;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
