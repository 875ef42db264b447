import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Place, Resident } from "../bench/place.ts";
import { within } from "../time.ts";
import { type MachineSpec, qemuArguments } from "./arguments.ts";
import { Console } from "./console.ts";
import { control } from "./control.ts";
import { Reports } from "./reports.ts";

/** A machine that is switched on, or was. */
export interface Machine {
  readonly spec: MachineSpec;
  readonly console: Console;
  readonly reports: Reports;
  /** Waits until the guest has switched itself off or reset itself. */
  exited(seconds: number): Promise<void>;
  /** Cuts the power: nothing in the guest is asked or told. Does nothing where it is off. */
  kill(): Promise<void>;
  readonly running: boolean;
  /** Pulls the network cable of its first card, or puts it back. */
  cable(state: "in" | "out"): Promise<void>;
}

/** Of this process, for names that do not clash. */
let machines = 0;

/**
 * Switches a machine on.
 *
 * @param directory for `<label>.console` and, by the spec, the report file
 * @param label what tells this boot from others of the same machine
 */
export function switchOn(place: Place, spec: MachineSpec, directory: string, label: string): Machine {
  writeFileSync(spec.reportFile, "");
  // Not in `directory`: the path of a socket has 108 bytes at most (unix(7)).
  const socket = join(tmpdir(), `statelite-${globalThis.process.pid}-${++machines}.qmp`);
  const resident = place.spawn(qemuArguments({ ...spec, control: socket }), {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const { process } = resident;
  const console = new Console(`${spec.name} (${label})`, join(directory, `${label}.console`), (text) =>
    typeInto(resident, text),
  );
  const pumped = Promise.all([
    pump(process.stdout, (bytes) => console.feed(bytes)),
    pump(process.stderr, (bytes) => noteLines(console, bytes)),
  ]);
  let cut = false;
  const ended = (async () => {
    await pumped;
    const code = await process.exited;
    rmSync(socket, { force: true });
    console.end(cut ? "the power was cut" : `the machine has ended (QEMU's exit status ${code})`);
  })();
  return {
    spec,
    console,
    reports: new Reports(spec.name, spec.reportFile),
    exited: (seconds) => within(ended, seconds, `wait until ${spec.name} has switched itself off`),
    async kill() {
      if (process.exitCode === null && process.signalCode === null) {
        cut = true;
        resident.signal("SIGKILL");
      }
      await within(ended, 20, `cut the power of ${spec.name}`);
    },
    cable: (state) => control(socket, "set_link", { name: "net0", up: state === "in" }),
    get running() {
      return process.exitCode === null && process.signalCode === null;
    },
  };
}

async function pump(source: unknown, take: (bytes: Uint8Array) => void): Promise<void> {
  if (!(source instanceof ReadableStream)) return;
  for await (const bytes of source) take(bytes);
}

function noteLines(console: Console, bytes: Uint8Array): void {
  for (const line of new TextDecoder().decode(bytes).split("\n"))
    if (line !== "") console.note(`-- qemu: ${line}`);
}

function typeInto(resident: Resident, text: string): void {
  const { stdin } = resident.process;
  if (stdin === undefined || typeof stdin === "number") return;
  void stdin.write(text);
  void stdin.flush();
}
