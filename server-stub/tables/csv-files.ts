import { parseCsv } from "../../agent/rows/csv.ts";
import type { FileFormat } from "./folder-source.ts";
import { readFinished } from "./still.ts";

/** `<table>.csv`, as `tabdump` writes them. */
export const csvFiles: FileFormat = {
  description: "CSV files",
  extension: ".csv",
  piecemeal: true,
  read: async (path, table) => parseCsv(table, await readFinished(path), path),
};
