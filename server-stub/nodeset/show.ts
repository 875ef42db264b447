import { join } from "node:path";
import { printable } from "../../agent/errors.ts";
import { bytesToText } from "../text.ts";
import { pxelinuxPath } from "./layout.ts";
import type { NodePlan, NodesetPlan } from "./plan.ts";

/**
 * All that will be done, with every file's text, for people.
 *
 * @param tftp the directory, for paths of copies
 */
export function describePlan(plan: NodesetPlan, tftp: string, remove: boolean): string {
  const assigned = [...(plan.assign?.rows ?? [])].map(([node, change]) => {
    const values = Object.entries(change).map(([column, value]) => `${column}=${value}`);
    return `nodetype: ${node}: ${values.join(" ")}`;
  });
  return [
    ...plan.copies.map(({ from, to }) => `copy ${from} to ${join(tftp, to)}`),
    ...assigned,
    ...plan.nodes.flatMap(({ node, files }) =>
      remove
        ? [`remove the files of ${node}, ${pxelinuxPath(node)} and others`]
        : files.map((file) =>
            "link" in file
              ? `link ${file.path} to ${file.link}`
              : `write ${file.path}\n${indent(file.content)}`,
          ),
    ),
  ]
    .flatMap((text) => bytesToText(text).split("\n"))
    .map((line) => `${printable(line)}\n`)
    .join("");
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, "    ");
}

/** What is known of a node; of one that was only asked about there are no files. */
export type Shown = Pick<NodePlan, "node" | "state"> & Partial<NodePlan>;

/** One line for each node, as xCAT's command has it, or an array of JSON. */
export function formatNodes(plans: readonly Shown[], json: boolean): string {
  if (!json)
    return plans.map(({ node, state }) => `${printable(bytesToText(`${node}: ${state}`))}\n`).join("");
  const shown = plans.map(({ files, ...plan }) => ({
    ...plan,
    ...(files && { files: files.map(({ path }) => path) }),
  }));
  return `${bytesToText(JSON.stringify(shown, undefined, 2))}\n`;
}
