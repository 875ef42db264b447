import { fatal, type Problem } from "../errors.ts";
import type { Answer } from "../xcat/answer.ts";
import { QueryFailure } from "../xcat/failure.ts";
import { readLitefile } from "../xcat/litefile.ts";
import { readLitetree } from "../xcat/litetree.ts";
import type { Tables } from "../xcat/tables.ts";
import { resolveLitetree } from "./litetree.ts";
import { imageOf, isNode } from "./nodes.ts";
import { droppedRows, formatLitefileRow, litefileRows } from "./rows.ts";
import { stateLocation } from "./statemnt.ts";
import { type TableSet, tableOf } from "./table.ts";

/** What the tables say about one node, as its agent would get it from the server. */
export interface NodeTables extends Tables {
  readonly image: string;
  /** Of class `source` for a litetree row that can be no source, `note` for what is worth knowing. */
  readonly problems: readonly Problem[];
  /** Where each litefile row stands, e.g. `litefile.csv line 4`, by its path as sent. */
  readonly origins: ReadonlyMap<string, string>;
  /** `server:/dir` of the statelite table; empty: this node keeps no state. */
  readonly statemnt: string;
  /** The image has a partition file, so its nodes have a local disk. */
  readonly hasLocalDisk: boolean;
}

const DOING = "find what the tables say about a node";

/**
 * The rows that apply to a node, through the texts that a server would send: what is lost or refused on that way is
 * lost or refused here. `#CMD=` in a litetree row is the server's to run, and is a problem here.
 *
 * @param image instead of the one that the nodetype table gives the node
 * @throws BootError
 */
export async function tablesOfNode(
  set: TableSet,
  node: string,
  image = imageOf(set, node),
): Promise<NodeTables> {
  if (!isNode(set, node)) {
    throw fatal("tables-node", {
      doing: DOING,
      on: node,
      found: "the nodelist table has no node of this name",
      remedy: "see the names with: tabdump nodelist",
    });
  }
  if (image === undefined) {
    throw fatal("tables-image", {
      doing: DOING,
      on: node,
      found: "the nodetype table gives it no os, arch and profile, so it has no image",
      remedy: `run nodeset ${node} osimage=IMAGE, or name one with --image`,
    });
  }
  const rows = litefileRows(set, image);
  const sources = await resolveLitetree(set, image, node, () => Promise.resolve(""));
  const { statemnt } = await stateLocation(set, node, () => Promise.resolve(""));
  const linuximage = tableOf(set, "linuximage");
  const own = linuximage.rowsWhere("imagename", image)[0];
  try {
    const litefile = readLitefile(sent(rows.map((row) => info(node, formatLitefileRow(row)))));
    const litetree = readLitetree(
      sent(
        sources.flatMap(({ source, errors }) => [
          ...errors.map((text) => ({ kind: "error", text }) as const),
          info(node, source),
        ]),
      ),
    );
    return {
      node,
      image,
      litefile: litefile.rows,
      litetree: litetree.rows,
      problems: [...litetree.problems, ...droppedRows(set).map(droppedNote)],
      origins: new Map(
        rows.flatMap(({ file, origin }) => (origin === undefined ? [] : [[onWire(file), origin]])),
      ),
      statemnt,
      hasLocalDisk: own !== undefined && linuximage.cell(own, "partitionfile") !== "",
    };
  } catch (error) {
    if (!(error instanceof QueryFailure)) throw error;
    throw fatal(
      `tables-${error.kind}`,
      { doing: DOING, on: node, found: error.found, remedy: error.remedy },
      error,
    );
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

function droppedNote(text: string): Problem {
  const [on = text, ...found] = text.split(": ");
  return {
    class: "note",
    code: "tables-dropped",
    doing: "read the tables",
    on,
    found: found.join(": "),
    remedy: "correct the row; no node gets it as it is",
  };
}
