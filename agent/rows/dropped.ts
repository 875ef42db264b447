import { isBrokenRule } from "./by-name.ts";
import { litetreeRows, perlNumber, placeOf } from "./rows.ts";
import { type Row, type TableSet, tableOf } from "./table.ts";

/** A row that does not reach a node although it is in the tables: a real xcatd drops it without saying so. */
export interface DroppedRow {
  /** `litefile.csv line 4`. */
  readonly place: string;
  readonly found: string;
  readonly remedy: string;
}

/** On one line. */
export function formatDropped({ place, found, remedy }: DroppedRow): string {
  return `${place}: ${found}; ${remedy}`;
}

/** The rows that may be lost to a node of some image. */
export function droppedRows(set: TableSet): readonly DroppedRow[] {
  return [...unusableRows(set), ...brokenRules(set), ...collisionsAnywhere(set)];
}

/** The rows that are lost to the nodes of one image. */
export function droppedFor(set: TableSet, image: string): readonly DroppedRow[] {
  return [...unusableRows(set), ...brokenRules(set), ...collisionsOf(set, image)];
}

/** Values that are to follow from a node's name, and cannot be worked out: the nodes have none. */
function brokenRules(set: TableSet): DroppedRow[] {
  return [...set.tables.values()]
    .filter(({ columns }) => columns.includes("node"))
    .flatMap((table) =>
      table.rows.flatMap((row) =>
        table.columns
          .filter((column) => column !== "comments" && isBrokenRule(table.cell(row, column)))
          .map((column) => ({
            ...{ place: placeOf(table, row), found: `${column} cannot be worked out from a node's name` },
            remedy: 'in parentheses are whole numbers, $1, + - * / % and sprintf("%02d",$1)',
          })),
      ),
    );
}

/** Rows that lack what makes them apply, to whatever image. */
function unusableRows(set: TableSet): DroppedRow[] {
  const [litefile, litetree] = [tableOf(set, "litefile"), tableOf(set, "litetree")];
  const rows: DroppedRow[] = [];
  for (const row of litefile.rows) {
    const place = placeOf(litefile, row);
    if (litefile.cell(row, "image") === "")
      rows.push({
        ...{ place, found: "no image is named, so the row applies to none" },
        remedy: "write ALL for all of them",
      });
    else if (litefile.cell(row, "file") === "")
      rows.push({ place, found: "no file is named", remedy: "name one, or remove the row" });
  }
  for (const row of litetree.rows)
    if (litetree.cell(row, "directory") === "")
      rows.push({
        ...{ place: placeOf(litetree, row), found: "no directory is named" },
        remedy: "name one, or remove the row",
      });
  return rows;
}

const OWN_PRIORITY = "give each row a priority of its own";

/** Of two rows with the same priority xcatd sends one; two that are only written otherwise have no order. */
function collisionsAnywhere(set: TableSet): DroppedRow[] {
  const litetree = tableOf(set, "litetree");
  const rows: DroppedRow[] = [];
  const seen = new Map<number, Row>();
  for (const row of litetree.rows) {
    if (litetree.cell(row, "directory") === "") continue;
    const number = perlNumber(litetree.cell(row, "priority"));
    const other = seen.get(number);
    if (other === undefined) {
      seen.set(number, row);
      continue;
    }
    const same = litetree.cell(other, "priority") === litetree.cell(row, "priority");
    const found = same
      ? `line ${other.line} has the same priority; where both apply to an image, one is dropped`
      : `line ${other.line} has an equal priority; which comes first is undefined`;
    rows.push({ place: placeOf(litetree, row), found, remedy: OWN_PRIORITY });
  }
  return rows;
}

function collisionsOf(set: TableSet, image: string): DroppedRow[] {
  const rows = litetreeRows(set, image);
  return rows.flatMap(({ priority, origin }, index) => {
    const lost = origin.insteadOf.map(({ place }) => ({
      ...{ place, found: `not used: ${origin.place} has the same priority` },
      remedy: OWN_PRIORITY,
    }));
    const next = rows[index + 1];
    if (next === undefined || perlNumber(next.priority) !== perlNumber(priority)) return lost;
    const found = `${origin.place} has an equal priority; which comes first is undefined`;
    return [...lost, { place: next.origin.place, found, remedy: OWN_PRIORITY }];
  });
}
