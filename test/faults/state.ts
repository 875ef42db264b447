import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What earlier boots have left: of the node itself, and of its neighbour. */
const EARLIER: Readonly<Record<string, string>> = {
  "n01/srv/db/row": "a row that was kept\n",
  "n01/srv/db/schema": "the schema of long ago\n",
  "n01/etc/demo/licence.key": "a key that was kept\n",
  "n02/srv/db/row": "a row of the neighbour's\n",
};

/** Lays it down in the folder that holds the nodes' states. */
export function writeEarlierState(folder: string): void {
  for (const [path, text] of Object.entries(EARLIER)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Every file below a folder: its path with type, mode, owner and content. */
export type Inventory = ReadonlyMap<string, string>;

export function inventory(folder: string, below = ""): Inventory {
  const found = new Map<string, string>();
  for (const name of readdirSync(join(folder, below))) {
    const path = join(below, name);
    const stats = lstatSync(join(folder, path));
    const owner = `${stats.mode.toString(8)} ${stats.uid}:${stats.gid}`;
    if (stats.isDirectory()) {
      found.set(path, owner);
      for (const [inner, what] of inventory(folder, path)) found.set(inner, what);
    } else if (stats.isSymbolicLink()) found.set(path, `-> ${readlinkSync(join(folder, path))}`);
    else found.set(path, `${owner} ${stats.isFile() ? sha256(join(folder, path)) : "special"}`);
  }
  return found;
}

/** What was there before and is not there now as it was; empty where nothing was lost. */
export function lost(before: Inventory, after: Inventory): string[] {
  return [...before].filter(([path, what]) => after.get(path) !== what).map(([path]) => path);
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
