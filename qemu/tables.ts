import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServerPoint } from "./bench/bench.ts";
import { SERVER_ADDRESS } from "./bench/network.ts";

/**
 * A copy of the tables, to which the server may write. Where it is not at its usual place, they name its address, and
 * its NFS port in the mount options of each litetree row.
 *
 * @returns the copy
 */
export function tablesFor(tables: string, copy: string, server: ServerPoint): string {
  mkdirSync(copy, { recursive: true });
  for (const name of readdirSync(tables)) {
    const text = readFileSync(join(tables, name), "latin1").replaceAll(SERVER_ADDRESS, server.address);
    const elsewhere = name === "litetree.csv" && server.nfsPort !== 2049;
    const moved = elsewhere ? withMountOptions(text, `vers=4.2,port=${server.nfsPort}`) : text;
    writeFileSync(join(copy, name), moved, "latin1");
  }
  return copy;
}

/** Fills the empty `mntopts` column of litetree rows: priority, image, directory, mntopts, comments, disable. */
export function withMountOptions(litetree: string, options: string): string {
  return litetree.replaceAll(/^("[^"]*",(?:"[^"]*")?,"[^"]*"),,/gm, `$1,"${options}",`);
}
