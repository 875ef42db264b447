import { closeSync, constants, mkdirSync, openSync, writeFileSync } from "node:fs";

/** Directories one in the other, more than a path could name, with a file in every tenth. */
export function makeDeep(top: string, levels: number, name: string): void {
  const open = (path: string) => openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  let directory = open(top);
  for (let level = 0; level < levels; level++) {
    const below = `/proc/self/fd/${directory}/${name}`;
    mkdirSync(below);
    const next = open(below);
    closeSync(directory);
    directory = next;
    if (level % 10 === 0) writeFileSync(`/proc/self/fd/${directory}/file`, `${level}\n`);
  }
  closeSync(directory);
}
