import { realpathSync, statSync } from "node:fs";
import { type BootError, fatal } from "../../agent/errors.ts";
import { litefileRows } from "../../agent/rows/rows.ts";
import { type TableSet, tableOf } from "../../agent/rows/table.ts";
import { type Command, parseOptions, required, UsageError } from "../cli/command.ts";
import type { SourceRow } from "../liteimg/entries.ts";
import { formatOp } from "../liteimg/ops.ts";
import { planPreparation, prepareImage } from "../liteimg/prepare.ts";
import { recordPath } from "../liteimg/record.ts";
import { stderrLog as log } from "../log.ts";
import { readTables } from "../tables/open.ts";
import { bytesToText } from "../text.ts";

const help = `Usage: statelite-server liteimg --tables DIR [--root IMAGE_DIR] [--dry-run] [IMAGE]
Prepares an image for statelite booting: for each litefile row of the image the content goes to /.default, and
for link options the path becomes a symlink by way of /.statelite/tmpfs. Run again after a change of the
litefile table: what left the table is put back. It can be interrupted and run again.

  IMAGE, --image IMAGE  name in the osimage table; without it only rows for ALL apply
  --root IMAGE_DIR      the image's root directory (default: linuximage.rootimgdir of IMAGE, /rootimg below it)
  --tables DIR          CSV files in tabdump form; also sqlite:DIR, pg:DSN and cfgloc:FILE
  --dry-run             print what would be done
  --json                with --dry-run: as an array

What was done is kept beside the image, in IMAGE_DIR.liteimg.json. Content without link options is copied to
/.default again when it changed in the image: change it there, not in /.default. Neither /etc/fstab nor any
password is touched.
`;

export const liteimg: Command = {
  name: "liteimg",
  summary: "prepare an image for statelite booting",
  help,
  run,
};

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions(args, {
    root: { type: "string" },
    tables: { type: "string" },
    image: { type: "string" },
    "dry-run": { type: "boolean" },
    json: { type: "boolean" },
  });
  const [image = values.image ?? "", extra] = positionals;
  if (extra !== undefined) throw new UsageError("one image is enough");
  const set = await readTables(required(values.tables, "--tables"), log);
  const root = imageRoot(values.root ?? rootOf(set, image));
  const rows = rowsFor(set, image);
  if (values["dry-run"] === true) {
    const plan = await planPreparation(root, rows);
    const ops = [...plan.putBack, ...plan.prepare];
    const lines = values.json === true ? [JSON.stringify(ops, undefined, 1)] : ops.map(formatOp);
    for (const line of lines) process.stdout.write(`${line}\n`);
    return 0;
  }
  let changes = 0;
  await prepareImage(root, rows, (op) => {
    process.stdout.write(`${formatOp(op)}\n`);
    changes += 1;
  });
  process.stdout.write(`${root}: ${rows.length} rows, ${changes} changes; recorded in ${recordPath(root)}\n`);
  return 0;
}

/** Without an image's name nobody could say whether rows for one image were meant. */
function rowsFor(set: TableSet, image: string): readonly SourceRow[] {
  const litefile = tableOf(set, "litefile");
  if (image === "" && litefile.rows.some((row) => !["", "ALL"].includes(litefile.cell(row, "image"))))
    throw new UsageError("the litefile table has rows for single images: name the image");
  return litefileRows(set, image).map(({ file, options, origin }) => ({
    file: bytesToText(file),
    options: bytesToText(options),
    origin: origin?.place ?? "always",
  }));
}

function rootOf(set: TableSet, image: string): string {
  const linuximage = tableOf(set, "linuximage");
  const row = linuximage.rowsWhere("imagename", image)[0];
  const directory = row === undefined ? "" : linuximage.cell(row, "rootimgdir");
  if (directory === "")
    throw new UsageError("--root is needed: the linuximage table has no rootimgdir for the image");
  return `${bytesToText(directory)}/rootimg`;
}

function imageRoot(path: string): string {
  const bad = (found: string, cause?: unknown): BootError =>
    fatal(
      "liteimg-root",
      { doing: "open the image", on: path, found, remedy: "give --root the image's root directory" },
      cause,
    );
  let root: string;
  try {
    root = realpathSync(path);
  } catch (error) {
    throw bad(error instanceof Error ? error.message : String(error), error);
  }
  if (!statSync(root).isDirectory()) throw bad("no directory");
  if (root === "/") throw bad("this machine's own root, not an image");
  return root;
}
