import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import invariant from "tiny-invariant";
import { bind } from "../../agent/effects/bind.ts";
import { carryOut } from "../../agent/effects/carry-out.ts";
import { LinuxEffects } from "../../agent/effects/linux.ts";
import type { Problem } from "../../agent/errors.ts";
import { directCalls } from "../../agent/kernel/calls.ts";
import { MNT_DETACH, MS } from "../../agent/kernel/constants.ts";
import { mount, umount } from "../../agent/kernel/mount.ts";
import { BootLog } from "../../agent/log.ts";
import { mountSources } from "../../agent/mounts/sources.ts";
import { mountVolatile, withMountpoint } from "../../agent/mounts/volatile.ts";
import { Root } from "../../agent/observe/root.ts";
import { verify } from "../../agent/observe/verify.ts";
import { planFor } from "../../agent/phases/5-plan.ts";
import { stateDirectory } from "../../agent/plan/layout.ts";
import type { Plan } from "../../agent/plan/plan.ts";
import { ReportBuilder } from "../../agent/report.ts";
import { prepareImage } from "../../server-stub/liteimg/prepare.ts";
import { type Tree, writeTree } from "./trees.ts";

/** What a node is made from. */
export interface NodeSpec {
  /** `options path`, as in the litefile table. */
  readonly litefile: readonly string[];
  readonly image: Tree;
  /** In priority order. */
  readonly sources?: readonly Tree[];
  /** Absent: no STATEMNT. */
  readonly state?: Tree;
  /** Changes the image after liteimg, as an enemy or an accident would. */
  readonly spoil?: (image: string) => void;
  /** Rows that the server sends although liteimg never saw them. */
  readonly late?: readonly string[];
}

/** A root as the agent has prepared it. */
export interface Node extends AsyncDisposable {
  readonly base: string;
  readonly root: string;
  readonly plan: Plan;
  /** Of the plan, of carrying it out, and of the verification. */
  readonly problems: readonly Problem[];
  readonly log: readonly string[];
  /** What a shell on the node prints, its errors included: an observer that shares no code with the agent. */
  shell(script: string): string;
}

const BUSYBOX = "/bin/busybox";
const APPLETS = ["cat", "find", "grep", "ls", "mount", "readlink", "stat", "touch"];

/**
 * Prepares a node in this process's own mount namespace: the image is mounted read-only, everything from the
 * tmpfs to the verification is the agent's own code on a real kernel.
 */
export async function makeNode(spec: NodeSpec): Promise<Node> {
  invariant(
    readlinkSync("/proc/self/ns/mnt") !== readlinkSync(`/proc/${process.ppid}/ns/mnt`),
    "this test mounts: run it by npm test, or under unshare --mount",
  );
  const base = mkdtempSync(join(tmpdir(), "statelite-ns-"));
  const at = (name: string) => join(base, name);
  writeTree(at("image"), { bin: null, dev: null, proc: null, sys: null, run: null, ...spec.image });
  copyFileSync(BUSYBOX, join(at("image"), "bin/busybox"));
  for (const applet of APPLETS) symlinkSync("busybox", join(at("image"), "bin", applet));
  const rows = [...spec.litefile, "link /etc/mtab"].map(readRow);
  await prepareImage(
    at("image"),
    rows.map((row, n) => ({ options: row.options, file: row.path, origin: `row ${n + 1}` })),
    () => undefined,
  );
  spec.spoil?.(at("image"));
  for (const [n, tree] of (spec.sources ?? []).entries()) writeTree(at(`source${n + 1}`), tree);
  if (spec.state !== undefined) writeTree(at("state"), spec.state);
  mkdirSync(at("root"));
  mount(at("image"), at("root"), "", MS.BIND, "");
  mount("", at("root"), "", MS.BIND | MS.REMOUNT | MS.RDONLY, "");
  mount("proc", at("root/proc"), "proc", 0, "");
  const allRows = [...rows, ...(spec.late ?? []).map(readRow)];
  const prepared = await prepare(spec, at, allRows);
  return {
    base,
    root: at("root"),
    ...prepared,
    shell: (script) => {
      const { stdout, stderr } = spawnSync(
        "/usr/sbin/chroot",
        [at("root"), "/bin/busybox", "sh", "-c", script],
        {
          timeout: 10_000,
          env: { PATH: "/bin" },
        },
      );
      return `${stdout}${stderr}`.trimEnd();
    },
    [Symbol.asyncDispose]: () => {
      umount(at("root"), MNT_DETACH);
      rmSync(base, { recursive: true });
      return Promise.resolve();
    },
  };
}

async function prepare(
  spec: NodeSpec,
  at: (name: string) => string,
  rows: readonly { options: string; path: string }[],
) {
  const lines: string[] = [];
  const log = new BootLog({
    console: (line) => lines.push(line),
    now: () => performance.now(),
    verbose: true,
  });
  const root = new Root(at("root"), directCalls);
  await mountVolatile(root, directCalls);
  const state = spec.state === undefined ? undefined : stateDirectory("n01");
  if (state !== undefined) {
    await withMountpoint(root, directCalls, state, () =>
      bind(root, directCalls, at("state"), { tree: "/", path: state }, false),
    );
  }
  const litetree = (spec.sources ?? []).map((_, n) => ({
    server: "mn",
    directory: `/source${n + 1}`,
    mountOptions: "",
  }));
  const { sources } = await mountSources(
    litetree,
    root,
    directCalls,
    (row, tree) => bind(root, directCalls, at(row.directory.slice(1)), { tree: "/", path: tree }, true),
    log,
  );
  const tables = { node: "n01", litefile: rows, litetree };
  const plan = await planFor({ root, tables, sources, ...(state !== undefined && { state }) }, directCalls);
  const effects = new LinuxEffects(root, directCalls);
  const failed = await carryOut(plan, effects, {
    log,
    report: new ReportBuilder("test"),
    now: () => performance.now(),
  });
  await effects.close();
  const failedRows = new Set(failed.map((problem) => problem.row));
  const expected = plan.expectations.filter(({ row }) => !failedRows.has(row));
  const findings = await verify(root, expected, 16);
  await root.close();
  return { plan, problems: [...plan.problems, ...failed, ...findings], log: lines };
}

function readRow(line: string): { options: string; path: string } {
  const [, options = "", path = ""] = /^(\S*) (.*)$/s.exec(line) ?? [];
  return { options, path };
}

/** `code path` of each problem, as a test compares them. */
export function problemLines(problems: readonly Problem[]): string[] {
  return problems.map((problem) => `${problem.code} ${problem.row?.path}`);
}
