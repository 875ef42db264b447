import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readlinkSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import invariant from "tiny-invariant";
import type { Problem } from "../../agent/errors.ts";
import { MNT_DETACH, MS } from "../../agent/kernel/constants.ts";
import { mount, umount } from "../../agent/kernel/mount.ts";
import { prepareImage } from "../../server-stub/liteimg/prepare.ts";
import { type Boot, boot, type LocalSource } from "./boot.ts";
import { type Tree, writeTree } from "./trees.ts";

/** What a node is made from. */
export interface NodeSpec {
  /** `options path`, as in the litefile table. */
  readonly litefile: readonly string[];
  readonly image: Tree;
  /** In priority order. */
  readonly sources?: readonly Tree[];
  /** Absent: no STATEMNT. `directory` alone is one on the host that outlives the node. */
  readonly state?: Tree | { readonly directory: string };
  readonly localDisk?: Tree;
  /** Gives the trees what a table of paths and texts cannot; before anything is mounted. */
  readonly arrange?: (places: Places) => void;
  /** Changes the image after liteimg, as an enemy or an accident would. */
  readonly spoil?: (image: string) => void;
  /** Done to the mounted root before the agent sees it. */
  readonly mounted?: (root: string) => void;
  /** Done to the trees once the plan is made. */
  readonly planned?: (places: Places) => void;
  /** Done to the trees after everything was placed, before it is verified. */
  readonly meanwhile?: (places: Places) => void;
  /** Rows that the server sends although liteimg never saw them. */
  readonly late?: readonly string[];
  /** The sources' rows, where they are not `mn:/source1`, `mn:/source2` …; `source` counts from 1. */
  readonly litetree?: readonly { readonly row: string; readonly source?: number }[];
  /** Words of the kernel command line; all problems are reported and skipped where it says nothing else. */
  readonly settings?: string;
}

/** Where the trees of a node lie on the host. */
export interface Places {
  readonly base: string;
  readonly image: string;
  readonly state: string;
  source(position: number): string;
}

/** A root as the agent has prepared it. */
export interface Node extends AsyncDisposable, Boot {
  readonly places: Places;
  readonly root: string;
  /** What a shell on the node prints, its errors included: an observer that shares no code with the agent. */
  shell(script: string): string;
}

const BUSYBOX = "/bin/busybox";
const APPLETS = [
  "cat",
  "find",
  "grep",
  "head",
  "ls",
  "md5sum",
  "mount",
  "readlink",
  "sort",
  "stat",
  "touch",
  "wc",
];

/**
 * Prepares a node in this process's own mount namespace: the image is mounted read-only, everything from the
 * tmpfs to the verification is the agent's own code on a real kernel.
 */
export async function makeNode(spec: NodeSpec): Promise<Node> {
  mustHaveOwnMounts();
  const base = mkdtempSync(join(tmpdir(), "statelite-ns-"));
  const places: Places = {
    base,
    image: join(base, "image"),
    state: hasDirectory(spec.state) ? spec.state.directory : join(base, "state"),
    source: (position) => join(base, `source${position}`),
  };
  const root = join(base, "root");
  const dispose = () => {
    for (const place of [root, places.state]) spawnSync("/usr/bin/umount", ["--lazy", "--quiet", place]);
    spawnSync("/usr/bin/rm", ["-rf", "--one-file-system", base]);
    return Promise.resolve();
  };
  try {
    const rows = await prepareTrees(spec, places);
    mkdirSync(root);
    mountImage(places.image, root);
    spec.mounted?.(root);
    const booted = await boot({
      ...{ root, rows, sources: localSources(spec, places) },
      ...(spec.state !== undefined && { state: places.state }),
      ...(spec.localDisk !== undefined && { localDisk: join(base, "disk") }),
      planned: () => spec.planned?.(places),
      meanwhile: () => spec.meanwhile?.(places),
      settings: spec.settings ?? "statelite.strict=0",
    });
    return {
      ...booted,
      places,
      root,
      shell: (script) => shellIn(root, script),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** What a test mounts must not be seen outside. */
export function mustHaveOwnMounts(): void {
  invariant(
    readlinkSync("/proc/self/ns/mnt") !== readlinkSync(`/proc/${process.ppid}/ns/mnt`),
    "this test mounts: run it by npm test, or under unshare --mount",
  );
}

async function prepareTrees(spec: NodeSpec, places: Places) {
  const top = { bin: null, dev: null, proc: null, sys: null, run: null };
  const disk = spec.localDisk === undefined ? {} : { ".sllocal/localmnt": null };
  writeTree(places.image, { ...top, ...disk, ...spec.image });
  copyFileSync(BUSYBOX, join(places.image, "bin/busybox"));
  for (const applet of APPLETS) symlinkSync("busybox", join(places.image, "bin", applet));
  for (const [n, tree] of (spec.sources ?? []).entries()) writeTree(places.source(n + 1), tree);
  if (spec.state !== undefined && !hasDirectory(spec.state)) writeTree(places.state, spec.state);
  if (spec.localDisk !== undefined) writeTree(join(places.base, "disk"), spec.localDisk);
  spec.arrange?.(places);
  const rows = [...spec.litefile, "link /etc/mtab"].map(readRow);
  await prepareImage(
    places.image,
    rows.map((row, n) => ({ options: row.options, file: row.path, origin: `row ${n + 1}` })),
    () => undefined,
  );
  spec.spoil?.(places.image);
  return [...rows, ...(spec.late ?? []).map(readRow)];
}

function mountImage(image: string, root: string): void {
  mount(image, root, "", MS.BIND, "");
  mount("", root, "", MS.BIND | MS.REMOUNT | MS.RDONLY, "");
  try {
    mount("proc", join(root, "proc"), "proc", 0, "");
  } catch (error) {
    umount(root, MNT_DETACH);
    throw error;
  }
}

function localSources({ sources = [], litetree }: NodeSpec, places: Places): LocalSource[] {
  const rows = litetree ?? sources.map((_, n) => ({ row: `mn:/source${n + 1}`, source: n + 1 }));
  return rows.map(({ row, source }) => {
    const [, server = "", directory = "", mountOptions = ""] =
      /^(?:([^:/]*):)?(.*?)(?: :(.*))?$/s.exec(row) ?? [];
    return {
      row: { server, directory, mountOptions },
      ...(source !== undefined && { directory: places.source(source) }),
    };
  });
}

function shellIn(root: string, script: string): string {
  const options = { timeout: 10_000, env: { PATH: "/bin" }, maxBuffer: 1 << 28 };
  const { stdout, stderr } = spawnSync("/usr/sbin/chroot", [root, BUSYBOX, "sh", "-c", script], options);
  return `${stdout}${stderr}`.trimEnd();
}

function hasDirectory(state: NodeSpec["state"]): state is { readonly directory: string } {
  return state !== undefined && typeof state["directory"] === "string" && Object.keys(state).length === 1;
}

function readRow(line: string): { options: string; path: string } {
  const [, options = "", path = ""] = /^(\S*) (.*)$/s.exec(line) ?? [];
  return { options, path };
}

/** `code path` of each problem, as a test compares them. */
export function problemLines(problems: readonly Problem[]): string[] {
  return problems.map((problem) => `${problem.code} ${problem.row?.path ?? problem.on}`);
}
