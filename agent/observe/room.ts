import { promises as fs } from "node:fs";
import { O } from "../kernel/constants.ts";
import type { Room } from "../plan/budget.ts";
import { LAYOUT } from "../plan/layout.ts";
import { availableMemory } from "./memory.ts";
import { fdPath, type Root } from "./root.ts";

/** What there is for copies at this moment: of the tmpfs (its own limits), and of the machine. */
export async function roomForCopies(root: Root): Promise<Room> {
  const top = { tree: "/", path: LAYOUT.tmpfs };
  const { bsize, bavail, blocks, ffree, files } = await root.with(top, O.PATH | O.DIRECTORY, (fd) =>
    fs.statfs(fdPath(fd, ".")),
  );
  const memory = availableMemory();
  return {
    // A tmpfs without a limit says that it has nothing at all.
    bytes: blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize,
    inodes: files === 0 ? Number.POSITIVE_INFINITY : ffree,
    memory: memory ?? Number.POSITIVE_INFINITY,
  };
}
