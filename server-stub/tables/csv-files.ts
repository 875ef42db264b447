import { readFile } from "node:fs/promises";
import { parseCsv } from "../../agent/rows/csv.ts";
import type { FileFormat } from "./folder-source.ts";

/** `<table>.csv`, as `tabdump` writes them. */
export const csvFiles: FileFormat = {
  description: "CSV files",
  extension: ".csv",
  read: async (path, table) => parseCsv(table, await readFile(path, "latin1"), path),
};
