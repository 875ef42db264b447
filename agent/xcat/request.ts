import invariant from "tiny-invariant";

/** What a node may ask xcatd for. */
export type Command = "litefile" | "litetree" | "getpartition";

/**
 * A request as xcatd reads it: one element, one line. Without the newline xcatd waits without a limit. No
 * `<noderange>`: the server knows a node by its address, and one that says who it is may be refused for it.
 */
export function formatRequest(command: Command): string {
  invariant(/^[a-z]+$/.test(command), "a command is a word");
  return `<xcatrequest><command>${command}</command></xcatrequest>\n`;
}
