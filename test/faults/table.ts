import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { project } from "../../qemu/paths.ts";
import { formatRecords } from "./format.ts";
import { readRecords } from "./record.ts";

/** Writes test/faults.md from what the last whole run recorded. */
export function writeFaultTable(): void {
  writeFileSync(join(project, "test", "faults.md"), formatRecords(readRecords()));
}
