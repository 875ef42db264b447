import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { imageOf } from "../../agent/rows/nodes.ts";
import { type TableSet, tableOf } from "../../agent/rows/table.ts";

const maxBytes = 1024 * 1024;

/**
 * What `getpartition` sends to a node: `type=format`, or `type=script` where `linuximage.partitionfile` begins
 * with `s:`, then the lines of that file with their newlines. What is wrong is said in a line, as xcatd does.
 */
export async function partitionLines(set: TableSet, node: string): Promise<readonly string[]> {
  const image = imageOf(set, node);
  if (image === undefined) return ["Error: No entry in nodetype table"];
  const linuximage = tableOf(set, "linuximage");
  const row = linuximage.rowsWhere("imagename", image)[0];
  if (row === undefined) return ["Error: No entry in linuximage table"];
  const [, script, path = ""] = /^(s:)?(.*)$/s.exec(linuximage.cell(row, "partitionfile")) ?? [];
  const type = script === undefined ? "type=format" : "type=script";
  try {
    return [type, ...((await readSmall(path)).match(/[^\n]*\n|[^\n]+$/g) ?? [])];
  } catch {
    // The reason is the administrator's to look for: a node has no use for the server's file names.
    return [type, "Error: Could not read the file"];
  }
}

async function readSmall(path: string): Promise<string> {
  // A FIFO would have to be waited for.
  const file = await open(Buffer.from(path, "latin1"), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error("it is no regular file");
    if (stats.size > maxBytes) throw new Error(`${stats.size} bytes`);
    return await file.readFile("latin1");
  } finally {
    await file.close();
  }
}
