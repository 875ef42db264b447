import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import type { Benchmark, Result } from "./benchmark.ts";

/** A Markdown table with padded columns, as prose tools leave it. */
function formatRows(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [columns, ...rows];
  const widths = columns.map((_, column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((w, i) => (row[i] ?? "").padEnd(w)).join(" | ")} |`;
  return [line(columns), `| ${widths.map((w) => "-".repeat(w)).join(" | ")} |`, ...rows.map(line)].join("\n");
}

/** One benchmark's part of the results file, also what is printed. */
export function formatResult({ name, about }: Benchmark, { columns, rows, goals }: Result): string {
  const verdicts = goals.map(
    ({ wanted, found, held }) => `- ${held ? "held" : "MISSED"}: ${wanted}: ${found}`,
  );
  return [`## ${name}`, "", about, "", formatRows(columns, rows), "", ...verdicts, "", machine()].join("\n");
}

/** The machine and the day, without which a figure says nothing. */
function machine(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const memory = Math.round(totalmem() / 2 ** 30);
  const day = new Date().toISOString().slice(0, 10);
  return `Measured on ${day}: ${availableParallelism()} cores (${model}), ${memory} GiB, Linux ${release()}; guests are emulated (QEMU TCG).`;
}

const HEAD = "# Benchmarks\n\nWritten by `npm run bench`; `npm run bench -- NAME` measures one anew.\n";

/** Puts a benchmark's part into the file, in place of its last one. */
export function writeResult(file: string, name: string, part: string): void {
  const [, ...parts] = readOrEmpty(file).split(/^(?=## )/m);
  const others = parts.filter((other) => !other.startsWith(`## ${name}\n`)).map((other) => other.trimEnd());
  const sorted = [...others, part.trimEnd()].sort((a, b) => (a < b ? -1 : 1));
  writeFileSync(file, `${[HEAD, ...sorted.map((text) => `${text}\n`)].join("\n")}`);
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // The first one makes the file.
  }
}
