import type { Answer } from "./answer.ts";
import { QueryFailure } from "./failure.ts";
import type { Command } from "./request.ts";

/**
 * What looks like an answer and is none, told by its words (xcatd's own, see the golden answers). `undefined` for
 * an answer that should be read as rows.
 */
export function findRefusal(command: Command, answer: Answer): QueryFailure | undefined {
  const usage = answer.replies.find(
    (reply) => reply.kind !== "error" && /^Usage:/i.test(reply.text.trimStart()),
  );
  if (usage !== undefined) return unknownNode();
  const error = answer.replies.find((reply) => reply.kind === "error");
  // litetree names an unknown table in an error and goes on with the row: litetree.ts knows that one.
  if (error === undefined || (command === "litetree" && answer.replies.some((r) => r.kind !== "error")))
    return undefined;
  return describeError(command, error.text.trim());
}

/** Where xCAT's own set-up, and for getpartition its documents, put the rules: free, or theirs already. */
const PRIORITIES: Readonly<Record<Command, string>> = {
  litefile: "4.7",
  litetree: "4.8",
  getpartition: "7.1",
};

/** A server that does not find the asking address among its nodes answers with its own command's usage text. */
export function unknownNode(details = ""): QueryFailure {
  return new QueryFailure(
    "unknown-node",
    `the server does not know this node${details}`,
    "define the node in nodelist, and see that `getent hosts ADDRESS` on the server gives the node's name (makehosts, makedns)",
  );
}

export function describeError(command: Command, text: string): QueryFailure {
  if (/^Permission denied/i.test(text)) {
    return new QueryFailure(
      "refused",
      `the server refuses: "${text}"`,
      `add a rule to the policy table on the server: chtab priority=${PRIORITIES[command]} policy.commands=${command} policy.rule=allow`,
    );
  }
  if (/does not have os, arch, or profile/i.test(text)) {
    return new QueryFailure(
      "no-image",
      `the node has no image: "${text}"`,
      "run nodeset NODE osimage=IMAGE on the server, or set os, arch and profile in the nodetype table",
    );
  }
  if (/^Invalid nodes and\/or groups/i.test(text)) {
    return new QueryFailure("unknown-node", `the server says: "${text}"`, unknownNode().remedy);
  }
  return new QueryFailure(
    "error-reply",
    `the server says: "${text}"`,
    `try the command on the server: ${command} NODE; its log is /var/log/xcat/cluster.log`,
  );
}
