import { fatal, printable } from "../../agent/errors.ts";
import { defineCommand, UsageError } from "../cli/command.ts";
import { noderangeOperand, tablesOf, tablesOption } from "../cli/common.ts";
import type { Options, Values } from "../cli/options.ts";
import { openEditor } from "../edit/open.ts";
import { stderrLog as log } from "../log.ts";
import { expandNoderange } from "../model/noderange.ts";
import { refuseCommands, shellCommands } from "../model/run-command.ts";
import { carryOutCopy } from "../nodeset/image-files.ts";
import { isPlainName } from "../nodeset/names.ts";
import { type NodesetPlan, type NodesetWorld, planBoot, planImage } from "../nodeset/plan.ts";
import { describePlan, formatNodes, type Shown } from "../nodeset/show.ts";
import { TftpFolder } from "../nodeset/tftp-folder.ts";
import { readTables } from "../tables/open.ts";

const options = {
  tables: tablesOption,
  tftp: {
    takes: "DIR",
    completes: { kind: "folder" },
    help: "where boot loaders read (default /tftpboot)",
  },
  noupdateinitrd: {
    help: `leave kernel and initrd there as they are; otherwise those in linuximage.rootimgdir
are copied when they have changed`,
  },
  "allow-cmd": { help: "run the #CMD= of statelite.statemnt on this machine" },
  "dry-run": { help: "print what would be written" },
  json: { help: "an array of {node, state, image, commandLine, files}" },
} as const satisfies Options;

export const nodeset = defineCommand({
  name: "nodeset",
  summary: "say what nodes do when they are switched on",
  about: `Says what nodes do when they are switched on, as \`nodeset\` of xCAT does, for pxelinux and for iPXE (xNBA).

STATE is one of
  osimage=IMAGE   boot this image, which becomes the nodes' own in the nodetype table
  osimage         boot the image that is theirs already; statelite is the same
  boot            boot from the disk
  offline         nothing: the files are removed
  stat            tell what was said`,
  options,
  operands: [
    noderangeOperand,
    {
      name: "STATE",
      completes: {
        kind: "state",
        words: ["osimage", "statelite", "boot", "offline", "stat"],
        imageAfter: ["osimage=", "statelite="],
      },
    },
  ],
  notes: `In DIR it writes pxelinux.cfg/NODE with links by MAC address (mac table) and IP address (hosts table, or the name
service) to it, xcat/xnba/nodes/NODE and NODE.uefi, xcat/osimage/IMAGE/kernel and initrd-statelite.gz.`,
  run,
});

async function run(
  values: Values<typeof options>,
  [range = "", wanted = ""]: readonly string[],
): Promise<number> {
  const state = readState(wanted);
  const location = tablesOf(values);
  const tftp = values.tftp ?? "/tftpboot";
  const set = await readTables(location, log);
  const { nodes, missing } = expandNoderange(set, range);
  if (missing.length > 0) return complain([`Invalid nodes and/or groups in noderange: ${missing.join(",")}`]);
  if (nodes.length === 0) return complain([`${range} means no node`]);
  const folder = new TftpFolder(tftp);
  const print = (plans: readonly Shown[]): void =>
    void process.stdout.write(formatNodes(plans, values.json === true));
  if (state.kind === "stat") {
    const known = await Promise.all(
      nodes.map(async (node) => ({ node, state: isPlainName(node) ? await folder.state(node) : undefined })),
    );
    print(known.map(({ node, state: said }) => ({ node, state: said ?? "offline" })));
    return 0;
  }
  const world: NodesetWorld = {
    set,
    tftp,
    keepBootFiles: values.noupdateinitrd === true,
    runCommand: values["allow-cmd"] === true ? shellCommands(log) : refuseCommands(log),
  };
  const plan = await planOf(state, world, nodes);
  if (values["dry-run"] === true) {
    if (values.json === true) print(plan.nodes);
    else process.stdout.write(describePlan(plan, tftp, state.kind === "offline"));
  } else {
    await carryOut(plan, state.kind, tftp, folder, location);
    print(plan.nodes);
  }
  return complain(plan.problems);
}

type State =
  | { readonly kind: "osimage"; readonly image?: string }
  | { readonly kind: "boot" | "offline" | "stat" };

function readState(text: string): State {
  const [, word = text, image] = /^(osimage|statelite)=(.+)$/s.exec(text) ?? [];
  if (image !== undefined) return { kind: "osimage", image };
  if (word === "osimage" || word === "statelite") return { kind: "osimage" };
  if (word === "boot" || word === "offline" || word === "stat") return { kind: word };
  throw new UsageError(`${text} is no state`);
}

function planOf(state: State, world: NodesetWorld, nodes: readonly string[]): Promise<NodesetPlan> {
  if (state.kind === "osimage") return planImage(world, nodes, state.image);
  if (state.kind === "boot") return planBoot(world, nodes);
  const plans = nodes.filter(isPlainName).map((node) => ({ node, state: state.kind, files: [] }));
  return Promise.resolve({ copies: [], assign: undefined, nodes: plans, problems: [] });
}

/** What the configurations rely on comes before them. */
async function carryOut(
  plan: NodesetPlan,
  kind: State["kind"],
  tftp: string,
  folder: TftpFolder,
  location: string,
): Promise<void> {
  try {
    for (const copy of plan.copies) await carryOutCopy(copy, folder);
    if (plan.assign !== undefined) {
      const editor = await openEditor(location);
      await editor.edit(plan.assign);
    }
    if (kind === "offline") await folder.remove(plan.nodes.map(({ node }) => node));
    else await folder.set(plan.nodes);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const remedy = "see that it can be written, and run nodeset again: what is done already is done again";
    throw fatal("nodeset", { doing: "write what nodes boot", on: tftp, found, remedy }, error);
  }
}

/** @returns the exit status */
function complain(problems: readonly string[]): number {
  for (const problem of problems) process.stderr.write(`Error: ${printable(problem)}\n`);
  return problems.length > 0 ? 1 : 0;
}
