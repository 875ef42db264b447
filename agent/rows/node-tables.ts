import { fatal, type Problem } from "../errors.ts";
import { ANSWER_LIMITS, type Answer } from "../xcat/answer.ts";
import { QueryFailure } from "../xcat/failure.ts";
import { readLitefile } from "../xcat/litefile.ts";
import { type Litetree, readLitetree } from "../xcat/litetree.ts";
import type { LitefileRow, LitetreeRow, Tables } from "../xcat/tables.ts";
import { type DroppedRow, droppedFor } from "./dropped.ts";
import { type LitetreeSource, resolveLitetree } from "./litetree.ts";
import { imageOf, isNode } from "./nodes.ts";
import { formatLitefileRow, type ImageLitefileRow, litefileRows, type RowOrigin } from "./rows.ts";
import { stateLocation } from "./statemnt.ts";
import { type TableSet, tableOf } from "./table.ts";

/** What the tables say about one node, as its agent would get it from the server. */
export interface NodeTables extends Tables {
  readonly image: string;
  /** Of class `source` for a litetree row that can be no source, `note` for what is worth knowing. */
  readonly problems: readonly Problem[];
  /** Where each row stands; the row that the server adds by itself stands nowhere. */
  readonly litefileOrigins: ReadonlyMap<LitefileRow, RowOrigin>;
  readonly litetreeOrigins: ReadonlyMap<LitetreeRow, RowOrigin>;
  /** `server:/dir` of the statelite table; empty: this node keeps no state. */
  readonly statemnt: string;
  /** Its mount options. */
  readonly mntopts: string;
  /** The image has a partition file, so its nodes have a local disk. */
  readonly hasLocalDisk: boolean;
}

const DOING = "find what the tables say about a node";

/**
 * The rows that apply to a node, through the texts that a server would send: what is lost or refused on that way is
 * lost or refused here. `#CMD=` in a litetree row is the server's to run, and is a problem here.
 *
 * @param given instead of the image that the nodetype table gives the node
 * @throws BootError
 */
export async function tablesOfNode(set: TableSet, node: string, given?: string): Promise<NodeTables> {
  const image = imageOrRefusal(set, node, given);
  const sources = await resolveLitetree(set, image, node, commandsDoNotRun);
  const { statemnt, mntopts } = await stateLocation(set, node, commandsDoNotRun);
  const linuximage = tableOf(set, "linuximage");
  const own = linuximage.rowsWhere("imagename", image)[0];
  const litefile = readLitefileRows(litefileRows(set, image), node);
  const litetree = sources.map((source) => readSource(source, node));
  return {
    ...{ node, image, statemnt, mntopts },
    litefile: litefile.map(([row]) => row),
    litetree: litetree.flatMap(({ rows }) => rows),
    problems: [
      ...unknownImage(set, image),
      ...litetree.flatMap(({ problems }) => problems),
      ...droppedFor(set, image).map(droppedNote),
    ],
    litefileOrigins: new Map(
      litefile.flatMap(([row, origin]) => (origin === undefined ? [] : [[row, origin] as const])),
    ),
    litetreeOrigins: new Map(
      litetree.flatMap(({ rows, origin }) => rows.map((row) => [row, origin] as const)),
    ),
    hasLocalDisk: own !== undefined && linuximage.cell(own, "partitionfile") !== "",
  };
}

function imageOrRefusal(set: TableSet, node: string, given: string | undefined): string {
  if (!isNode(set, node)) {
    throw fatal("tables-node", {
      doing: DOING,
      on: node,
      found: "the nodelist table has no node of this name",
      remedy: "see the names with: tabdump nodelist",
    });
  }
  const image = given ?? imageOf(set, node);
  if (image !== undefined) return image;
  throw fatal("tables-image", {
    doing: DOING,
    on: node,
    found: "the nodetype table gives it no os, arch and profile, so it has no image",
    remedy: `run nodeset ${node} osimage=IMAGE, or name one with --image`,
  });
}

/** Not wrong in itself: rows for ALL apply to it. */
function unknownImage(set: TableSet, image: string): Problem[] {
  const osimage = tableOf(set, "osimage");
  if (osimage.rows.length === 0 || osimage.rowsWhere("imagename", image).length > 0) return [];
  return [
    {
      class: "note",
      code: "tables-osimage",
      doing: DOING,
      on: image,
      found: "the osimage table has no image of this name",
      remedy: "see the names with: tabdump osimage; rows for ALL apply to any name",
    },
  ];
}

/** Commands are the server's to run. */
function commandsDoNotRun(): Promise<string> {
  return Promise.resolve("");
}

/** The rows as they come out at the other end, in the order in which they went in. */
function readLitefileRows(
  rows: readonly ImageLitefileRow[],
  node: string,
): (readonly [LitefileRow, RowOrigin | undefined])[] {
  if (rows.length > ANSWER_LIMITS.replies) {
    throw fatal("tables-too-large", {
      doing: DOING,
      on: node,
      found: `${rows.length} litefile rows, of which an agent takes ${ANSWER_LIMITS.replies}`,
      remedy: "name directories in place of the files in them",
    });
  }
  const answer = sent(rows.map((row) => info(node, formatLitefileRow(row))));
  const received = orFatal(() => readLitefile(answer)).rows;
  return received.map((row, index) => [row, rows[index]?.origin] as const);
}

/** The row that comes out at the other end, or what is wrong with it. */
function readSource(
  { source, errors, origin }: LitetreeSource,
  node: string,
): Litetree & { readonly origin: RowOrigin } {
  const failures = errors.map((text) => ({ kind: "error", text }) as const);
  return { ...orFatal(() => readLitetree(sent([...failures, info(node, source)]))), origin };
}

/** @throws BootError where no agent would understand it */
function orFatal<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof QueryFailure)) throw error;
    const { found, remedy } = error;
    throw fatal("tables-unreadable", { doing: DOING, on: "the rows as sent", found, remedy }, error);
  }
}

function info(node: string, body: string) {
  return { kind: "info", text: onWire(`${node}: ${body}`) } as const;
}

/** xcatd sends ASCII: every other byte is a question mark (xcatd-wire.md). */
function onWire(latin1: string): string {
  return latin1.replace(/[^\t\n\x20-\x7e]/g, "?");
}

function sent(replies: Answer["replies"]): Answer {
  return { replies, bytes: 0 };
}

function droppedNote({ place, found, remedy }: DroppedRow): Problem {
  return { class: "note", code: "tables-dropped", doing: "read the tables", on: place, found, remedy };
}
