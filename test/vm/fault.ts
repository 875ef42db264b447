import { expect, test } from "bun:test";
import { relative } from "node:path";
import type { Hardware, Lab, LabOptions } from "../../qemu/lab.ts";
import type { Machine } from "../../qemu/machine/machine.ts";
import type { Parameters } from "../../qemu/parameters.ts";
import { project } from "../../qemu/paths.ts";
import { recordFault } from "../faults/record.ts";
import { inventory, lost, writeEarlierState } from "../faults/state.ts";
import {
  BOOT_SECONDS,
  type BootFailure,
  bootFailure,
  isAgentReport,
  openLab,
  POWER_OFF,
} from "./lab-note.ts";

/** Something that is wrong when n01 boots, and what has to come of it. */
export interface Fault extends Omit<LabOptions, "name"> {
  /** As a sentence of the table. */
  readonly fault: string;
  readonly parameters?: Parameters;
  readonly hardware?: Hardware | ((lab: Lab) => Promise<Hardware>);
  /** How long the outcome may take; {@link BOOT_SECONDS} where not given. */
  readonly seconds?: number;
  /** Done before the power is switched on. */
  readonly before?: (lab: Lab) => unknown;
  /** Done while it boots. */
  readonly meanwhile?: (lab: Lab, n01: Machine) => Promise<unknown>;
  /** What the console says of it. */
  readonly outcome: Fails | Boots;
}

/** The four parts of the message, as far as they are of this fault: each a text that is in it, or a pattern. */
export type Fails = { readonly kind: "fails" } & Partial<
  Readonly<Record<"doing" | "on" | "found" | "remedy", string | RegExp>>
>;

/** The node is handed over to its init after all; the console has said what was wrong. */
export interface Boots {
  readonly kind: "boots";
  readonly says: RegExp;
  /** The problems, by code, that the report holds for good; none where not given. Notes do not count. */
  readonly problems?: readonly string[];
}

/** A test of each fault, one after the other: a lab, the fault, the boot, and a line of the table. */
export function testFaults(file: string, faults: readonly Fault[]): void {
  for (const fault of faults) {
    test(fault.fault, async () => {
      const name = `fault-${Bun.hash(fault.fault).toString(16)}`;
      await using lab = await openLab({ ...fault, name });
      // On a file system that only the bench sees, the state cannot be looked at from here.
      const visible = fault.stateBytes === undefined;
      if (visible) writeEarlierState(lab.state);
      await fault.before?.(lab);
      const before = visible ? inventory(lab.state) : undefined;
      const hardware = typeof fault.hardware === "function" ? await fault.hardware(lab) : fault.hardware;
      const started = performance.now();
      const n01 = lab.boot("n01", { ...POWER_OFF, ...fault.parameters }, hardware);
      const [, said] = await Promise.all([fault.meanwhile?.(lab, n01), watch(n01, fault)]);
      const seconds = (performance.now() - started) / 1000;
      if (fault.outcome.kind === "fails") await n01.exited(60);
      await n01.kill();
      if (before !== undefined) expect(lost(before, inventory(lab.state))).toEqual([]);
      const outcome = fault.outcome.kind === "fails" ? "poweroff" : "boots";
      const state = before === undefined ? "full before and after" : "intact";
      recordFault({ fault: fault.fault, test: relative(project, file), said, outcome, seconds, state });
    });
  }
}

/** Waits for what has to come; gives back what the console said of it. */
async function watch(n01: Machine, { outcome, seconds = BOOT_SECONDS }: Fault): Promise<string> {
  if (outcome.kind === "boots") {
    const [said] = await n01.console.waitFor(outcome.says, seconds);
    const report = await n01.reports.waitFor(isAgentReport, seconds);
    const codes = report.problems
      .filter((problem) => problem.class !== "note")
      .map((problem) => problem.code);
    expect({ ok: report.ok, codes }).toEqual({ ok: true, codes: [...(outcome.problems ?? [])] });
    return said;
  }
  const failure = await bootFailure(n01, seconds);
  const { kind: _, ...parts } = outcome;
  for (const [part, wanted] of Object.entries(parts)) expectPart(failure, part, wanted);
  const { doing, on, found, remedy } = failure;
  return `${doing}: ${on}: ${found}; ${remedy}`;
}

function expectPart(failure: BootFailure, part: string, wanted: string | RegExp): void {
  const text = (failure as unknown as Record<string, string>)[part] ?? "";
  const all = JSON.stringify(failure, undefined, 1);
  if (typeof wanted === "string") expect(text, all).toContain(wanted);
  else expect(text, all).toMatch(wanted);
}
