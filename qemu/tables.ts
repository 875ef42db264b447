import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServerPoint } from "./bench/bench.ts";
import { SERVER_ADDRESS } from "./bench/network.ts";

/**
 * The tables as they are where the server is at its usual place; otherwise a copy that names the server's address, and
 * its NFS port in the mount options of each litetree row.
 *
 * @returns the folder to serve
 */
export function tablesFor(tables: string, copy: string, server: ServerPoint): string {
  if (server.address === SERVER_ADDRESS && server.nfsPort === 2049) return tables;
  mkdirSync(copy, { recursive: true });
  for (const name of readdirSync(tables)) {
    const text = readFileSync(join(tables, name), "latin1").replaceAll(SERVER_ADDRESS, server.address);
    const moved = name === "litetree.csv" ? withMountOptions(text, `vers=4.2,port=${server.nfsPort}`) : text;
    writeFileSync(join(copy, name), moved, "latin1");
  }
  return copy;
}

/** Fills the empty `mntopts` column of litetree rows: priority, image, directory, mntopts, comments, disable. */
export function withMountOptions(litetree: string, options: string): string {
  return litetree.replaceAll(/^("[^"]*",(?:"[^"]*")?,"[^"]*"),,/gm, `$1,"${options}",`);
}
