import { type Stats, watch } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fatal } from "../../agent/errors.ts";
import type { ParsedTable, TableProblem } from "../../agent/rows/csv.ts";
import type { Table, TableSet } from "../../agent/rows/table.ts";
import type { ServerLog } from "../log.ts";
import { follow } from "./follower.ts";
import { sameButRestless } from "./restless.ts";
import type { TableSource } from "./source.ts";
import { isWrittenInPlace, longestMilliseconds, stillMilliseconds } from "./still.ts";

const maxFileBytes = 256 * 1024 * 1024;
/** Directories on NFS report no changes by others, so they are looked at as well. */
const pollMilliseconds = 5000;

/** What was read from one file, and by what its next version is recognised. */
interface LoadedFile {
  readonly signature: string;
  readonly table?: Table;
  /** What the log was told of its rows. */
  readonly complaints?: ReadonlySet<string>;
  /** Why there is no table in it. */
  readonly unreadable?: string;
  /** A newer version that is perhaps not whole yet. */
  readonly writing?: Writing;
}

/** A file that somebody has begun to write into, on the clock of performance.now(). */
interface Writing {
  readonly signature: string;
  readonly since: number;
  readonly begun: number;
}

/** How the files of one kind are read. */
export interface FileFormat {
  /** For messages: `CSV files`. */
  readonly description: string;
  /** With its dot; the rest of a file's name is the table's. */
  readonly extension: string;
  /** What the name of a file has behind it that holds what is newer. */
  readonly beside?: string;
  /** Whoever writes such a file may do so in place, piece by piece. */
  readonly piecemeal?: boolean;
  /** @throws where the file cannot be read */
  read(path: string, table: string): Promise<ParsedTable>;
}

/**
 * Opens a folder with a file for each table and follows its changes. Bad rows and files are logged; a table that
 * becomes unreadable or disappears keeps its last good content.
 *
 * @param remarks what else there is to say about a new set, for the log
 * @throws BootError where the folder itself cannot be read
 */
export async function openFolder(
  directory: string,
  format: FileFormat,
  log: ServerLog,
  remarks: (set: TableSet) => readonly string[] = () => [],
): Promise<TableSource> {
  const files = new Map<string, LoadedFile>();
  let set: TableSet = { tables: new Map() };
  const refresh = async (): Promise<number | undefined> => {
    const { changed, unfinished } = await readChanged(directory, format, files, log);
    const next = unfinished ? stillMilliseconds / 2 : undefined;
    if (!changed) return next;
    set = tableSet(format, files);
    for (const remark of remarks({ tables: set.tables })) log.line(`tables: ${remark}`);
    return next;
  };
  try {
    await refresh();
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw fatal(
      "tables",
      {
        doing: "read the tables",
        on: directory,
        found,
        remedy: `give --tables a folder of ${format.description}`,
      },
      error,
    );
  }
  if (files.size === 0)
    log.line(`tables: there are no ${format.description} in ${directory}; without any no node is known`);
  const description = `${format.description} in ${directory}`;
  const follower = follow({ description, refresh, pollMilliseconds }, log);
  const watcher = watch(directory, () => follower.soon());
  watcher.on("error", (error) =>
    log.line(`tables: watching ${directory}: ${error.message}; looked at every 5 s instead`),
  );
  const close = (): void => {
    follower.stop();
    watcher.close();
  };
  return { description, current: () => set, close };
}

function tableSet(format: FileFormat, files: ReadonlyMap<string, LoadedFile>): TableSet {
  const tables = new Map<string, Table>();
  const unreadable = new Map<string, string>();
  for (const [name, { table, unreadable: why }] of files) {
    if (table !== undefined) tables.set(table.name, table);
    else if (why !== undefined) unreadable.set(tableName(format, name), why);
  }
  return { tables, unreadable };
}

function tableName({ extension }: FileFormat, file: string): string {
  return file.slice(0, -extension.length);
}

/** Brings `files` up to date; tells whether a table changed, and whether somebody is writing one. */
async function readChanged(
  directory: string,
  format: FileFormat,
  files: Map<string, LoadedFile>,
  log: ServerLog,
): Promise<{ readonly changed: boolean; readonly unfinished: boolean }> {
  const names = (await readdir(directory)).filter(
    (name) => name.endsWith(format.extension) && !name.startsWith("."),
  );
  let changed = false;
  let unfinished = false;
  for (const name of names) {
    const path = join(directory, name);
    const known = files.get(name);
    try {
      const { size, signature, written } = await signatureOf(path, format);
      if (known?.signature === signature) continue;
      const writing =
        written && known?.table !== undefined ? stillWriting(known.writing, signature) : undefined;
      if (known !== undefined && writing !== undefined) {
        files.set(name, { ...known, writing });
        unfinished = true;
        continue;
      }
      if (size > maxFileBytes) throw new Error(`${size} bytes; at most ${maxFileBytes} are read`);
      const parsed = await format.read(path, tableName(format, name));
      const complaints = new Set(parsed.problems.map(complaintOf));
      const same =
        parsed.table !== undefined &&
        known?.table !== undefined &&
        sameButRestless(known.table, parsed.table);
      // Booting nodes have a table written again and again: what is wrong with other rows has been said.
      const said = same ? known.complaints : undefined;
      for (const complaint of complaints) if (said?.has(complaint) !== true) log.line(complaint);
      const table = same ? known.table : (parsed.table ?? keep(known, path, log));
      const why = parsed.problems[0]?.found ?? "there is no table in it";
      files.set(
        name,
        table === undefined ? { signature, unreadable: why } : { signature, table, complaints },
      );
      changed ||= table === undefined || table !== known?.table;
    } catch (error) {
      const signature = `unreadable: ${String(error)}`;
      if (known?.signature === signature) continue;
      log.line(`tables: ${path}: ${String(error)}`);
      const table = keep(known, path, log);
      files.set(name, table === undefined ? { signature, unreadable: String(error) } : { signature, table });
      changed ||= table === undefined;
    }
  }
  for (const [name, known] of files) {
    if (names.includes(name) || known.signature === "gone") continue;
    const table = keep(known, join(directory, name), log);
    files.set(name, table === undefined ? { signature: "gone" } : { signature: "gone", table });
    changed ||= table === undefined;
  }
  return { changed, unfinished };
}

function complaintOf({ origin, line, found }: TableProblem): string {
  return `tables: ${origin}${line > 0 ? ` line ${line}` : ""}: ${found}; ignored`;
}

/** What is known of a version of a file that may change yet; undefined where it has been as it is for long enough. */
function stillWriting(before: Writing | undefined, signature: string): Writing | undefined {
  const now = performance.now();
  if (before === undefined) return { signature, since: now, begun: now };
  if (now - before.begun > longestMilliseconds) return undefined;
  if (before.signature !== signature) return { ...before, signature, since: now };
  return now - before.since >= stillMilliseconds ? undefined : before;
}

/** What is written beside a file until it is put into it belongs to it. */
async function signatureOf(path: string, { beside, piecemeal }: FileFormat) {
  const of = ({ ino, size, mtimeMs, ctimeMs }: Stats) => `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  const file = await stat(path);
  // A pipe would be read for ever, and no change of any table be seen from then on.
  if (!file.isFile()) throw new Error("it is no regular file");
  const other = beside === undefined ? undefined : await stat(`${path}${beside}`).catch(() => undefined);
  const written = piecemeal === true && isWrittenInPlace(file);
  return { size: file.size, written, signature: `${of(file)} ${other === undefined ? "" : of(other)}` };
}

function keep(known: LoadedFile | undefined, path: string, log: ServerLog): Table | undefined {
  if (known?.table !== undefined)
    log.line(`tables: ${path} cannot be read now; its last content stays in use`);
  return known?.table;
}
