import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openHost, openNamespace, parseListening } from "../../../qemu/bench/place.ts";
import { poll } from "../../../qemu/time.ts";

/** Processes of the whole host that still run, by a word of their arguments and by their parents' descent. */
function descendantsOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (fields[0] !== "Z") parents.set(Number(name), Number(fields[1]));
    } catch {
      // It ended meanwhile.
    }
  }
  const found: number[] = [];
  const queue = [pid];
  for (let parent = queue.shift(); parent !== undefined; parent = queue.shift()) {
    const children = [...parents].filter(([, of]) => of === parent).map(([child]) => child);
    queue.push(...children);
    found.push(...children);
  }
  return found;
}

function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
}

describe.each(["namespace", "host"])(
  "what runs in a %s place ends with the process that opened it",
  (kind) => {
    test.each(["SIGINT", "SIGTERM", "SIGKILL", "throw", "exit"])("when that ends by %s", async (ending) => {
      const holder = Bun.spawn([process.execPath, join(import.meta.dirname, "hold-place.ts"), kind, ending], {
        stdout: "pipe",
        stderr: "ignore",
      });
      const reader = holder.stdout.getReader();
      await reader.read();
      const below = descendantsOf(holder.pid);
      if (ending.startsWith("SIG")) {
        expect(below.length).toBeGreaterThan(0);
        holder.kill(ending as NodeJS.Signals);
      }
      await holder.exited;
      const gone = await poll(() => (below.some(runs) ? undefined : true), 10);
      expect(gone).toBe(true);
    });
  },
);

test("a namespace is empty when it opens, and gone with all that ran in it when it closes", async () => {
  const place = await openNamespace();
  expect([...place.listening()]).toEqual([]);
  const resident = place.spawn(["rpcbind", "-f", "-w"], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  expect(await poll(() => (place.listening().has(111) ? true : undefined), 10)).toBe(true);
  await place.close();
  expect(await resident.process.exited).not.toBe(0);
  expect([...place.listening()]).toEqual([]);
});

test.each([
  ["namespace", openNamespace],
  ["host", () => Promise.resolve(openHost())],
])("a signal reaches the program itself in a %s place", async (_, open) => {
  const place = await open();
  try {
    const script = "trap 'echo heard; exit 7' TERM; echo ready; while :; do sleep 0.05; done";
    const resident = place.spawn(["sh", "-c", script], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const { stdout } = resident.process;
    if (!(stdout instanceof ReadableStream)) throw new Error("a pipe was asked for");
    const reader = stdout.getReader();
    await reader.read();
    resident.signal("SIGTERM");
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("heard\n");
    expect(await resident.process.exited).toBe(7);
  } finally {
    await place.close();
  }
});

test("ports in /proc/net/tcp: those in state LISTEN only, of both address families", () => {
  const table = [
    "  sl  local_address rem_address   st tx_queue rx_queue",
    "   0: 00000000:0801 00000000:0000 0A 00000000:00000000",
    "   1: 0100007F:0BB9 0100007F:9C40 01 00000000:00000000",
    "   2: 00000000000000000000000000000000:006F 00000000000000000000000000000000:0000 0A 0",
    "",
  ];
  expect(parseListening(table.join("\n"))).toEqual([2049, 111]);
});
