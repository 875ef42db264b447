import { realpathSync, statSync } from "node:fs";
import { type BootError, fatal } from "../../agent/errors.ts";
import { allNodes, imageOf } from "../../agent/rows/nodes.ts";
import { litefileRows } from "../../agent/rows/rows.ts";
import { type TableSet, tableOf } from "../../agent/rows/table.ts";
import { defineCommand, UsageError } from "../cli/command.ts";
import { tablesOf, tablesOption } from "../cli/common.ts";
import type { Options, Values } from "../cli/options.ts";
import type { SourceRow } from "../liteimg/entries.ts";
import { formatOp, type Op } from "../liteimg/ops.ts";
import { planPreparation, prepareImage } from "../liteimg/prepare.ts";
import { recordPath } from "../liteimg/record.ts";
import { stderrLog as log } from "../log.ts";
import { readTables } from "../tables/open.ts";
import { bytesToText } from "../text.ts";

const options = {
  tables: tablesOption,
  root: {
    takes: "IMAGE_DIR",
    completes: { kind: "folder" },
    help: "the image's root directory (default: linuximage.rootimgdir of IMAGE, /rootimg below it)",
  },
  image: { takes: "IMAGE", completes: { kind: "image" }, help: "another way to name it" },
  "dry-run": { help: "print what would be done" },
  json: { help: "print it as an array of operations" },
} as const satisfies Options;

export const liteimg = defineCommand({
  name: "liteimg",
  summary: "prepare an image for statelite booting",
  about: `Prepares an image for statelite booting: for each litefile row of the image the content goes to /.default, and
for link options the path becomes a symlink by way of /.statelite/tmpfs. Run again after a change of the
litefile table: what left the table is put back. It can be interrupted and run again.

IMAGE is a name in the osimage table; without it only rows for ALL apply.`,
  options,
  operands: [{ name: "IMAGE", optional: true, completes: { kind: "image" } }],
  notes: `What was done is kept beside the image, in IMAGE_DIR.liteimg.json. Content without link options is copied to
/.default again when it changed in the image: change it there, not in /.default. Neither /etc/fstab nor any
password is touched.`,
  run,
});

async function run(values: Values<typeof options>, operands: readonly string[]): Promise<number> {
  const [image = values.image ?? ""] = operands;
  if (values.image !== undefined && values.image !== image)
    throw new UsageError(`${image} or ${values.image}: one image at a time`);
  const set = await readTables(tablesOf(values), log);
  checkNames(set, image);
  const root = imageRoot(values.root ?? rootOf(set, image));
  const rows = rowsFor(set, image);
  const json = values.json === true;
  const ops: Op[] = [];
  const report = (op: Op): void => {
    ops.push(op);
    if (!json) process.stdout.write(`${formatOp(op)}\n`);
  };
  if (values["dry-run"] === true) {
    const plan = await planPreparation(root, rows);
    for (const op of [...plan.putBack, ...plan.prepare]) report(op);
  } else await prepareImage(root, rows, report);
  if (json) process.stdout.write(`${JSON.stringify(ops, undefined, 1)}\n`);
  else if (values["dry-run"] !== true)
    process.stdout.write(
      `${root}: ${rows.length} rows, ${ops.length} changes; recorded in ${recordPath(root)}\n`,
    );
  return 0;
}

/**
 * With a name that is mistyped, or other tables than those that were meant, all that the image's own rows made of it
 * would be put back.
 */
function checkNames(set: TableSet, image: string): void {
  if (!set.tables.has("litefile") && !set.unreadable?.has("litefile"))
    throw fatal("tables", {
      doing: "look into a table",
      on: "litefile",
      found: "there is no such table",
      remedy: "see that --tables is right; one without rows puts back what was done to the image",
    });
  if (image !== "" && !isImage(set, image))
    throw fatal("tables-osimage", {
      doing: "look for the image's rows",
      on: image,
      found: "neither the osimage table nor litefile has an image of this name, and no node boots it",
      remedy: "see the names with: tabdump osimage",
    });
}

/** Without an osimage table any name does; nodes have names of images that are not in it, too. */
function isImage(set: TableSet, image: string): boolean {
  const osimage = tableOf(set, "osimage");
  return (
    osimage.rows.length === 0 ||
    osimage.rowsWhere("imagename", image).length > 0 ||
    tableOf(set, "litefile").rowsWhere("image", image).length > 0 ||
    allNodes(set).some((node) => imageOf(set, node) === image)
  );
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
