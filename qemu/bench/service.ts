import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lastLines } from "../command.ts";
import { BenchError } from "../problem.ts";
import { poll } from "../time.ts";
import type { Place, Resident } from "./place.ts";

/** A program of the management node. It can be stopped and started while machines run: that is what faults are made of. */
export interface Service {
  readonly name: string;
  /** Returns once it listens. Does nothing where it runs already. */
  start(): Promise<void>;
  /** Ends it as a crash would (`SIGKILL`, the default) or in good order (`SIGTERM`). Does nothing where it does not run. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** `SIGSTOP` makes a server that is there and says nothing, `SIGCONT` brings it back. */
  signal(name: "SIGSTOP" | "SIGCONT" | "SIGHUP"): void;
  /** What it has written so far, of all its starts. */
  output(): string;
}

export interface ServiceDefinition {
  readonly name: string;
  readonly argv: readonly string[];
  /** TCP port that shows it is ready; without one it is ready when it runs. */
  readonly port?: number;
  /** Files it needs, written anew before each start: path and text. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Describes a service; nothing runs before {@link Service.start}. Its output goes to `<directory>/<name>.log`. */
export function defineService(place: Place, directory: string, definition: ServiceDefinition): Service {
  const { name, argv, port } = definition;
  const log = join(directory, `${name}.log`);
  let running: Resident | undefined;

  async function start(): Promise<void> {
    if (running !== undefined) return;
    for (const [path, text] of Object.entries(definition.files ?? {})) writeFileSync(path, text);
    const fd = openSync(log, "a");
    const resident = place.spawn(argv, { stdin: "ignore", stdout: fd, stderr: fd });
    closeSync(fd);
    running = resident;
    const ready = await poll(() => {
      if (resident.process.exitCode !== null || resident.process.signalCode !== null) return "ended";
      return port === undefined || place.listening().has(port) ? "ready" : undefined;
    }, 20);
    if (ready === "ready") return;
    resident.signal("SIGKILL");
    running = undefined;
    const state = ready === "ended" ? "it ended at once" : "it does not listen after 20 s";
    throw new BenchError({
      doing: `start ${name}`,
      on: argv.join(" "),
      found: `${state}: ${lastLines(output(), 5)}`,
      remedy: `read ${log}`,
    });
  }

  async function stop(signal: "SIGTERM" | "SIGKILL" = "SIGKILL"): Promise<void> {
    const resident = running;
    if (resident === undefined) return;
    running = undefined;
    resident.signal("SIGCONT");
    resident.signal(signal);
    const ended = await poll(() => resident.process.exitCode ?? resident.process.signalCode ?? undefined, 5);
    if (ended === undefined) resident.signal("SIGKILL");
    await resident.process.exited;
  }

  function output(): string {
    try {
      return readFileSync(log, "utf8");
    } catch {
      return ""; // Not started yet.
    }
  }

  return { name, start, stop, signal: (signal) => running?.signal(signal), output };
}
