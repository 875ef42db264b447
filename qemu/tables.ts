import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { editCsv } from "../server-stub/edit/csv-edit.ts";
import type { RowChange } from "../server-stub/edit/editor.ts";
import type { ServerPoint } from "./bench/bench.ts";
import { SERVER_ADDRESS } from "./bench/network.ts";

/**
 * A copy of the tables, to which the server may write. They name the server's address and ports, its NFS port in the
 * mount options of image, state and litetree rows.
 *
 * @param image in the osimage table
 */
export function tablesFor(tables: string, copy: string, server: ServerPoint, image: string): void {
  const { nfsPort, xcatPort, monitorPort } = server;
  const options = nfsPort === 2049 ? "" : `vers=4.2,port=${nfsPort}`;
  const changes: Readonly<Record<string, (text: string) => string>> = {
    site: (text) =>
      withValues(text, "key", {
        xcatdport: { value: String(xcatPort) },
        xcatiport: { value: String(monitorPort) },
      }),
    litetree: (text) => withMountOptions(text, options),
    osimage: (text) => withValues(text, "imagename", { [image]: { nfsrootopts: options } }),
    statelite: (text) => withValues(text, "node", { compute: { mntopts: options } }),
  };
  mkdirSync(copy, { recursive: true });
  for (const file of readdirSync(tables)) {
    const text = readFileSync(join(tables, file), "latin1").replaceAll(SERVER_ADDRESS, server.address);
    const change = changes[file.replace(/\.csv$/, "")];
    writeFileSync(join(copy, file), change === undefined ? text : change(text), "latin1");
  }
}

function withValues(text: string, key: string, rows: Readonly<Record<string, RowChange>>): string {
  return editCsv(text, { key, rows: new Map(Object.entries(rows)), missing: "leave" });
}

/** Fills the empty `mntopts` column of litetree rows: priority, image, directory, mntopts, comments, disable. */
export function withMountOptions(litetree: string, options: string): string {
  if (options === "") return litetree;
  return litetree.replaceAll(/^("[^"]*",(?:"[^"]*")?,"[^"]*"),,/gm, `$1,"${options}",`);
}
