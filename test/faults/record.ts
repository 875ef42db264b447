import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { out } from "../../qemu/paths.ts";

/** What became of a boot with something wrong: a line of test/faults.md. */
export interface FaultRecord {
  readonly fault: string;
  /** The test's file, from the top of the checkout. */
  readonly test: string;
  /** What the console said of it. */
  readonly said: string;
  /** `poweroff`, `reboot`, or `boots`. */
  readonly outcome: string;
  /** From power-on, or from the start of the agent where there is no machine, until that. */
  readonly seconds: number;
  /** What became of the state that was there before. */
  readonly state: string;
}

const folder = join(out, "test", "faults");

/** Kept until the next whole run; test/faults/table.ts makes the table of them. */
export function recordFault(record: FaultRecord): void {
  mkdirSync(folder, { recursive: true });
  const name = Bun.hash(`${record.test} ${record.fault}`).toString(16);
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(record));
}

/** In the order of files and faults. */
export function readRecords(): FaultRecord[] {
  const records: FaultRecord[] = readdirSync(folder).map((name) =>
    JSON.parse(readFileSync(join(folder, name), "utf8")),
  );
  const key = ({ test, fault }: FaultRecord) => `${test} ${fault}`;
  return records.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Before a whole run: what is not tested any more is not in the table. */
export function forgetRecords(): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}
