import { type CommandRunner, type ResolvedSource, resolveLitetree } from "../../agent/rows/litetree.ts";
import { imageOf } from "../../agent/rows/nodes.ts";
import { litefileRows } from "../../agent/rows/rows.ts";
import { stateLocation } from "../../agent/rows/statemnt.ts";
import type { TableSet } from "../../agent/rows/table.ts";
import type { BootDocument, LitetreeEntry } from "../../agent/xcat/boot-document.ts";
import { DOCUMENT_VERSION } from "../../agent/xcat/document-limits.ts";
import { splitRow } from "../../agent/xcat/litetree.ts";
import { partitionLines } from "../model/partition.ts";
import { perSet } from "../tables/per-set.ts";
import { bytesToText } from "../text.ts";
import { type SharedPart, sharedPart } from "./answer.ts";

/** A boot document as JSON text: what is a node's own, and then what all nodes of its image have. */
export interface BootText {
  readonly own: string;
  readonly shared: SharedPart;
}

/** The end of the documents of each image, which is most of them. */
const sharedParts = perSet(() => new Map<string, SharedPart>());

/**
 * The boot document of a node; nothing where nodetype gives it no image.
 *
 * @param withPartition whether policy lets the node have its partition file
 */
export async function bootText(
  set: TableSet,
  node: string,
  run: CommandRunner,
  withPartition: boolean,
): Promise<BootText | undefined> {
  const image = imageOf(set, node);
  if (image === undefined) return undefined;
  const { statemnt, mntopts } = await stateLocation(set, node, run);
  const litetree = (await resolveLitetree(set, image, node, run)).map(litetreeEntry);
  const rest: Omit<BootDocument, "litefile"> = {
    schema: DOCUMENT_VERSION,
    node,
    image: bytesToText(image),
    litetree,
    ...(statemnt !== "" && {
      state: { location: bytesToText(statemnt), mountOptions: bytesToText(mntopts) },
    }),
    ...(withPartition && { partition: (await partitionLines(set, node)).map(bytesToText) }),
  };
  return { own: `${JSON.stringify(rest).slice(0, -1)},"litefile":`, shared: litefilePart(set, image) };
}

function litefilePart(set: TableSet, image: string): SharedPart {
  const parts = sharedParts(set);
  let part = parts.get(image);
  if (part === undefined) {
    const rows: BootDocument["litefile"] = litefileRows(set, image).map(({ options, file }) => ({
      options: bytesToText(options).trimEnd(),
      path: bytesToText(file),
    }));
    part = sharedPart(`${JSON.stringify(rows)}}`);
    parts.set(image, part);
  }
  return part;
}

/** Taken apart as a node does with the same row from xcatd's port, so that both give it the same source. */
function litetreeEntry({ source, errors }: ResolvedSource): LitetreeEntry {
  const row = splitRow(bytesToText(source));
  return errors.length === 0 ? row : { ...row, error: bytesToText(errors.join("; ")) };
}
