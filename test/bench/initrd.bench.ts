import { bootTwice } from "../../qemu/demo/boot-twice.ts";
import type { BootRecord } from "../../qemu/demo/documents.ts";
import { openLab } from "../../qemu/lab.ts";
import { type Benchmark, formatMs } from "./benchmark.ts";

/** Seconds that the initrd is to take, emulated. */
const GOAL = 5;

/** From the kernel's start of /init to the exec of the real init. */
function whole({ initStarted, agent }: BootRecord): number {
  return (agent.phases.at(-1)?.end ?? Number.NaN) - initStarted;
}

/** Milliseconds of each part, by its name, in order. */
function parts({ initStarted, agent }: BootRecord): Map<string, number> {
  const start: [string, number] = [
    "/init to the agent's first phase",
    (agent.phases[0]?.start ?? 0) - initStarted,
  ];
  return new Map([
    start,
    ...agent.phases.map(({ name, start, end = 0 }): [string, number] => [name, end - start]),
  ]);
}

const initrd: Benchmark = {
  name: "initrd",
  about:
    "The initrd's part of a boot, from `/init` to the exec of the real init, phase by phase, in an emulated guest with " +
    "the demo's tables (the cookbook's list and an entry of each option): the first boot, which makes and seeds the " +
    "node's state, against the second, which finds it.",
  async run() {
    await using lab = await openLab({ name: "bench-initrd", timed: true });
    const { boots } = await bootTwice(lab, console.log);
    const [first, second] = boots.map(parts) as [Map<string, number>, Map<string, number>];
    const [took, again] = boots.map(whole) as [number, number];
    const row = (name: string, one: number, two: number) => [
      name,
      formatMs(one),
      formatMs(two),
      (one / two).toFixed(2),
    ];
    return {
      columns: ["phase", "first boot", "second boot", "first / second"],
      rows: [
        ...[...first].map(([name, time]) => row(name, time, second.get(name) ?? Number.NaN)),
        row("whole", took, again),
      ],
      goals: [took, again].map((time, boot) => ({
        wanted: `boot ${boot + 1} in under ${GOAL} s`,
        found: formatMs(time),
        held: time < GOAL * 1000,
      })),
    };
  },
};
export default initrd;
