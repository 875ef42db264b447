import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import invariant from "tiny-invariant";
import { project } from "../../../qemu/paths.ts";
import { type Authority, preparePki } from "../../../qemu/pki.ts";
import type { StormServer } from "./asker.ts";

/** The server program at work, with what it costs. */
export interface MeasuredServer extends AsyncDisposable {
  readonly reached: StormServer;
  /** Milliseconds of processor time so far. */
  processorTime(): number;
  /** MiB, the most so far. */
  peakMemory(): number;
}

/** Starts the program on free ports of loopback; its log goes to a file. */
export async function startMeasured(
  folder: string,
  { tables, hosts }: { readonly tables: string; readonly hosts: string },
): Promise<MeasuredServer> {
  const authority: Authority = (await preparePki(join(folder, "pki"))).cluster;
  const child = Bun.spawn(
    [
      ...[process.execPath, join(project, "server-stub/main.ts"), "serve", "--tables", tables],
      ...["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--http-limit", "100000"],
      ...["--cert", authority.certificate, "--key", authority.key, "--hosts", hosts, "--no-dns"],
    ],
    { stdin: "ignore", stdout: "pipe", stderr: Bun.file(join(folder, "log")) },
  );
  let said = "";
  for await (const bytes of child.stdout) {
    said += new TextDecoder().decode(bytes);
    if (said.includes("\nlistening on ")) break;
  }
  const [, http, port] = /HTTPS on \S+:(\d+)\nlistening on \S+:(\d+)\n/.exec(said) ?? [];
  invariant(port !== undefined, `the server did not start: ${said}`);
  return {
    reached: { port: Number(port), httpPort: Number(http), ca: authority.ca },
    processorTime: () => sum(child.pid, processorTime),
    peakMemory: () => sum(child.pid, peakMemory),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

/** Of a process and those that it started. */
function sum(pid: number, figure: (pid: number) => number): number {
  const started = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean),
  );
  return figure(pid) + started.reduce((total, child) => total + figure(Number(child)), 0);
}

/** Fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function peakMemory(pid: number): number {
  const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}
