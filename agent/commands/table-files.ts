import { promises as fs } from "node:fs";
import { join } from "node:path";
import { fatal, type Problem } from "../errors.ts";
import { errorReason } from "../kernel/errno.ts";
import { parseCsv } from "../rows/csv.ts";
import type { Table, TableSet } from "../rows/table.ts";

/** More than any site's tables take. */
const MAX_BYTES = 256 << 20;

/** Tables from a folder, and the rows and files in it that could not be read. */
export interface TableFiles {
  readonly set: TableSet;
  /** Of class `source`: what they would have said is missing. */
  readonly problems: readonly Problem[];
}

/**
 * Reads a folder of CSV files as `tabdump` and `dumpxCATdb` write them, each named by its table.
 *
 * @throws BootError where the folder cannot be read, or holds no table
 */
export async function readTableFiles(directory: string): Promise<TableFiles> {
  const names = await namesIn(directory);
  const tables = new Map<string, Table>();
  const problems: Problem[] = [];
  for (const file of names) {
    const path = join(directory, file);
    const name = file.slice(0, -".csv".length);
    try {
      const { size } = await fs.stat(path);
      if (size > MAX_BYTES) throw new Error(`${size} bytes, more than a table's`);
      const parsed = parseCsv(name, await fs.readFile(path, "latin1"), path);
      if (parsed.table !== undefined) tables.set(name, parsed.table);
      for (const { origin, line, found } of parsed.problems)
        problems.push(unread(line > 0 ? `${origin} line ${line}` : origin, found));
    } catch (error) {
      problems.push(unread(path, errorReason(error)));
    }
  }
  return { set: { tables }, problems };
}

async function namesIn(directory: string): Promise<string[]> {
  let found = "there is no file *.csv in it";
  try {
    const names = (await fs.readdir(directory)).filter(
      (name) => name.endsWith(".csv") && !name.startsWith("."),
    );
    if (names.length > 0) return names.sort();
  } catch (error) {
    found = errorReason(error);
  }
  const remedy = "give --tables a folder of CSV files, as dumpxCATdb -p DIR writes them on a management node";
  throw fatal("tables", { doing: "read the tables", on: directory, found, remedy });
}

function unread(on: string, found: string): Problem {
  const remedy = "correct it: it is left out of this plan, as the server leaves it out";
  return { class: "source", code: "tables-row", doing: "read the tables", on, found, remedy };
}
