import { open, realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { removeUnfinished, replaceWhole } from "../replace.ts";
import { readFinished, untilStill } from "../tables/still.ts";
import { editCsv } from "./csv-edit.ts";
import type { TableEdit, TableEditor } from "./editor.ts";
import { withFileLock } from "./lock.ts";

/** An administrator's editor may write at the same moment: how often it is done again. */
const attempts = 5;

/**
 * A folder of CSV files. A file is replaced as a whole, so that no reader sees half of one; servers that share the folder
 * take turns, and what an administrator's editor wrote meanwhile is not lost.
 */
export function csvFilesEditor(directory: string): TableEditor {
  const pathOf = (table: string): string => join(directory, `${table}.csv`);
  return {
    describe: pathOf,
    async edit(edit) {
      // The folder may hold a link to where the file really is.
      const path = await realpath(pathOf(edit.table));
      await withFileLock(join(dirname(path), `.${basename(path)}.lock`), async () => {
        await removeUnfinished(dirname(path));
        for (let attempt = 1; !(await editOnce(path, edit)); attempt += 1)
          if (attempt >= attempts) throw new Error(`it changed ${attempts} times while it was written`);
      });
    },
  };
}

/** False where somebody else changed the file between reading and writing. */
async function editOnce(path: string, edit: TableEdit): Promise<boolean> {
  await untilStill(path);
  const before = await signature(path);
  const text = await readFinished(path);
  const edited = editCsv(text, edit);
  if (edited === text) return true;
  const { mode, uid, gid } = await stat(path);
  return replaceWhole(path, async (temporary) => {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(edited, "latin1");
      await file.chmod(mode & 0o7777);
      await file.chown(uid, gid).catch(() => undefined); // Only root may give a file away; the mode stays.
      // As older than its mode: that tells readers that it is not being written.
      const written = new Date(Date.now() - 10);
      await file.utimes(written, written);
      await file.sync();
    } finally {
      await file.close();
    }
    return (await signature(path)) === before;
  });
}

async function signature(path: string): Promise<string> {
  const { ino, size, mtimeMs, ctimeMs } = await stat(path);
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}
