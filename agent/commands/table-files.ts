import { promises as fs } from "node:fs";
import { join } from "node:path";
import { fatal, type Problem } from "../errors.ts";
import { errorReason } from "../kernel/errno.ts";
import { parseCsv } from "../rows/csv.ts";
import type { Table, TableSet } from "../rows/table.ts";

/** More than any site's tables take. */
const MAX_BYTES = 256 << 20;

/** Rows of one file that are named; something else than a table would have a problem in each line. */
const MOST_NAMED = 20;

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
      const stats = await fs.stat(path);
      const { size } = stats;
      if (!stats.isFile()) throw new Error("no regular file");
      if (size > MAX_BYTES) throw new Error(`${size} bytes, more than a table's`);
      const parsed = parseCsv(name, await fs.readFile(path, "latin1"), file);
      if (parsed.table !== undefined) tables.set(name, parsed.table);
      for (const { line, found } of parsed.problems.slice(0, MOST_NAMED))
        problems.push(unread(line > 0 ? `${path} line ${line}` : path, found));
      const more = parsed.problems.length - MOST_NAMED;
      if (more > 0) problems.push(unread(path, `${more} more rows like these`));
    } catch (error) {
      problems.push(unread(path, errorReason(error)));
    }
  }
  for (const name of DECISIVE) if (!names.includes(`${name}.csv`)) problems.push(missing(directory, name));
  return { set: { tables }, problems };
}

/** Tables that decide a plan; one that was forgotten looks like one without rows. */
const DECISIVE = ["litefile", "litetree", "statelite"];

function missing(directory: string, name: string): Problem {
  return {
    class: "note",
    code: "tables-missing",
    doing: "read the tables",
    on: join(directory, `${name}.csv`),
    found: "no such file: taken for a table without rows",
    remedy: `where the table has rows: tabdump ${name} > ${name}.csv`,
  };
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
