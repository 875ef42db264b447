import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { bootFilesOf, carryOutCopy } from "../server-stub/nodeset/image-files.ts";
import { TftpFolder } from "../server-stub/nodeset/tftp-folder.ts";
import { readTables } from "../server-stub/tables/open.ts";
import { type BackEndKind, openBackEnd } from "./back-ends.ts";
import { type Bench, type BootSpec, openBench, type ServerPoint } from "./bench/bench.ts";
import { claimFolder } from "./bench/claim.ts";
import type { DnsFaults } from "./bench/dnsmasq.ts";
import type { Export } from "./bench/nfs.ts";
import type { Service } from "./bench/service.ts";
import { run } from "./command.ts";
import type { BootMedium } from "./machine/arguments.ts";
import type { Machine } from "./machine/machine.ts";
import { benchParameters, formatParameters, nodesetParameters, type Parameters } from "./parameters.ts";
import { built, out } from "./paths.ts";
import { demo, IMAGE_NAME, type Prepared, prepare } from "./prepare.ts";
import { tablesFor } from "./tables.ts";

/** What the management node exports, and as what. */
export const EXPORTS = {
  image: "/install/netboot/debian12/x86_64/compute",
  node: "/statelite",
  common: "/syncdirs",
  state: "/lite/state",
} as const;

export interface LabOptions {
  /** Folder below out/bench for everything that is written; another name for each lab that runs at the same time. */
  readonly name: string;
  /** `bridge` where not given. */
  readonly network?: "bridge" | "user";
  /** How many nodes have cables and addresses; the tables know n01 and n02. One where not given. */
  readonly nodes?: number;
  /** Whose certificate the server shows; the initrd trusts `cluster`. */
  readonly authority?: "cluster" | "foreign";
  /** State of an earlier lab to go on with; fresh where not given. */
  readonly state?: string;
  /** Changes a copy of the demo's tables before they are served; `folder` is inside `work`. */
  readonly tables?: (folder: string) => unknown;
  /** Where the server's tables are: `csv` where not given. */
  readonly backEnd?: BackEndKind;
  /** Boot loaders are served; {@link Lab.tftp} has something in it. Not together with `web`. */
  readonly tftp?: boolean;
  /** What is exported, otherwise; see {@link EXPORTS}. */
  readonly exports?: (exports: readonly Export[]) => readonly Export[];
  readonly nfsVersions?: readonly (3 | 4)[];
  /** The nodes' state is on a file system of so many bytes. */
  readonly stateBytes?: number;
  readonly dns?: DnsFaults;
  /** The management node is a log server, too: what it gets is the output of its service `logs`. */
  readonly logs?: boolean;
  /** A web server at port 80 of the management node shows {@link Lab.web}. */
  readonly web?: boolean;
  /** Its boots are timed: see {@link MachineSpec.parallel}. */
  readonly timed?: boolean;
}

/** What a machine has beside one network card, and what it is started with. */
export interface Hardware {
  /** MiB. */
  readonly memory?: number;
  readonly processors?: number;
  /** Instead of the project's own. */
  readonly initrd?: string;
  /** Files with the bytes of its disks: /dev/vda, /dev/vdb and so on. */
  readonly disks?: readonly string[];
  /** What its clock shows when it is switched on: `1970-01-01T00:00:00`. */
  readonly clock?: string;
}

/** The demo's cluster on a bench: one management node, node machines to boot. */
export interface Lab {
  /** Where transcripts, logs and reports are. */
  readonly directory: string;
  /** How guests reach the management node. */
  readonly server: ServerPoint;
  /** The nodes' state, one folder for each, on this host. */
  readonly state: string;
  /** The two litetree sources on this host: what is changed here, nodes see. */
  readonly sources: { readonly node: string; readonly common: string };
  /** The folder that the web server shows, empty at first. */
  readonly web: string;
  /** What boot loaders read by TFTP and HTTP, with the kernel and the initrd of the image in it. */
  readonly tftp: string;
  /** The folder of tables that the server answers from, and writes statuses to. */
  readonly tables: string;
  /** The image's tree, as it is exported. */
  readonly rootimg: string;
  service(name: string): Service;
  /**
   * Switches a node on with the command line that `nodeset` writes.
   *
   * @param change parameters to add, replace or (`undefined`) take away
   */
  boot(node: string, change?: Parameters, hardware?: Hardware): Machine;
  /** Switches a node on that knows nothing: DHCP and what {@link Lab.tftp} holds tell it what to do. */
  bootFromNetwork(node: string): Machine;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Builds what is missing, and opens the lab. */
export async function openLab(options: LabOptions, ready?: Prepared): Promise<Lab> {
  const prepared = ready ?? (await prepare());
  const work = join(out, "lab", options.name);
  claimFolder(work);
  const trees = join(work, "trees");
  const state = options.state ?? join(work, "state");
  mkdirSync(state, { recursive: true });
  mkdirSync(trees, { recursive: true });
  // Copied: owned by root as on a management node, and a test may change them.
  await run(["cp", "-R", `${join(demo, "trees")}/.`, trees], { seconds: 60 });
  const tables = join(work, "tables");
  const web = join(work, "web");
  mkdirSync(web);
  const tftp = join(work, "tftpboot");
  if (options.tftp) await putBootFiles(tftp, prepared);
  const sources = { node: join(trees, "statelite"), common: join(trees, "syncdirs", "common") };
  const bench = await openBench({
    name: options.name,
    network: options.network ?? "bridge",
    nodes: options.nodes ?? 1,
    authority: prepared.pki[options.authority ?? "cluster"],
    tables: async (server) => {
      tablesFor(join(demo, "tables"), tables, server, IMAGE_NAME);
      options.tables?.(tables);
      return openBackEnd(options.backEnd ?? "csv", tables);
    },
    ...(options.web && { web }),
    ...(options.logs && { logs: true }),
    ...(options.tftp && { tftp }),
    ...(options.nfsVersions !== undefined && { nfsVersions: options.nfsVersions }),
    ...(options.stateBytes !== undefined && { small: [{ directory: state, bytes: options.stateBytes }] }),
    ...(options.dns !== undefined && { dns: options.dns }),
    exports: (options.exports ?? ((exports) => exports))([
      { directory: prepared.image, path: EXPORTS.image, access: "ro" },
      { directory: sources.node, path: EXPORTS.node, access: "ro" },
      { directory: join(trees, "syncdirs"), path: EXPORTS.common, access: "ro" },
      { directory: state, path: EXPORTS.state, access: "rw" },
    ]),
  });
  const rootimg = join(prepared.image, "rootimg");
  const places = { directory: bench.directory, state, sources, web, tftp, tables, rootimg };
  const common = { accelerator: prepared.accelerator, parallel: options.timed ?? false };
  return assemble(bench, prepared, common, places, await parametersOf(tables, bench.nodes));
}

/** Where `nodeset` expects them: beside the image there is nobody who could copy them. */
async function putBootFiles(tftp: string, { kernel }: Prepared): Promise<void> {
  const files = bootFilesOf(IMAGE_NAME);
  const folder = new TftpFolder(tftp);
  await carryOutCopy({ from: kernel, to: files.kernel }, folder);
  await carryOutCopy({ from: built.initrd, to: files.initrd }, folder);
}

/** The command line of each node, as `nodeset` makes it of the tables. */
async function parametersOf(folder: string, nodes: Bench["nodes"]): Promise<ReadonlyMap<string, Parameters>> {
  const set = await readTables(folder, { line: (text) => console.error(text) });
  const all = nodes.map(async (node) => [node.name, await nodesetParameters(set, node, IMAGE_NAME)] as const);
  return new Map(await Promise.all(all));
}

function assemble(
  bench: Bench,
  prepared: Prepared,
  common: Pick<BootSpec, "accelerator" | "parallel">,
  places: Pick<Lab, "directory" | "state" | "sources" | "web" | "tftp" | "tables" | "rootimg">,
  nodeset: ReadonlyMap<string, Parameters>,
): Lab {
  let boots = 0;
  const start = (name: string, medium: BootMedium, hardware: Omit<Hardware, "initrd">): Machine => {
    boots++;
    return bench.boot(name, { medium, label: `boot${boots}`, ...common, ...hardware });
  };
  return {
    ...places,
    server: bench.server,
    service: (name) => bench.service(name),
    boot(name, change = {}, { initrd = built.initrd, ...hardware } = {}) {
      const parameters = { ...nodeset.get(name), ...benchParameters, ...change };
      const medium = {
        kind: "kernel",
        kernel: prepared.kernel,
        initrd,
        parameters: formatParameters(parameters),
      } as const;
      return start(name, medium, hardware);
    },
    bootFromNetwork: (name) => start(name, { kind: "network" }, {}),
    [Symbol.asyncDispose]: () => bench.close(),
  };
}
