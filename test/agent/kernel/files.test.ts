import { expect, test } from "bun:test";
import { join } from "node:path";

const PROCESS = join(import.meta.dir, "../../../agent/kernel/process.ts");

/** A process that may have so many files open tells its limits. */
function limits(hard: number): string[] {
  const script = `
    const { allowManyFiles } = await import(${JSON.stringify(PROCESS)});
    const tell = () => console.log(require("node:fs").readFileSync("/proc/self/limits", "utf8")
      .split("\\n").find((line) => line.startsWith("Max open files")).split(/\\s+/).slice(3, 5).join(" "));
    const undo = allowManyFiles();
    tell();
    undo();
    tell();`;
  const command = ["sh", "-c", `ulimit -n ${hard}; exec "$0" -e "$1"`, process.execPath, script];
  return Bun.spawnSync(command).stdout.toString().trim().split("\n");
}

test("as many files as the kernel lets it have open; the next program gets what programs expect", () => {
  const [during = "", after] = limits(4096);
  const [soft, hard] = during.split(" ").map(Number);
  // Who may not raise the second number keeps what there is.
  expect([4096, 1 << 20]).toContain(hard ?? 0);
  expect(soft).toBe(hard ?? 0);
  expect(after).toBe("1024 4096");
});

test("a limit below the usual one stays what it is", () => {
  expect(limits(512)[1]).toBe("512 512");
});
