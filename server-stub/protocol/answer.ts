/**
 * Writes answers byte for byte as xcatd does (xcatd-wire.md). All text is latin-1 bytes as characters; what is
 * written is ASCII. The agent has a reader of its own: a codec shared by both ends would hide errors.
 */

/** One line of a command's output, several at once, or an error that it reports and goes on. */
export type Reply =
  | { readonly info: string }
  | { readonly data: readonly string[] }
  | { readonly error: string };

const special: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Escapes markup; a byte that is not printable ASCII, tab or newline becomes `?`. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"]|[^\t\n\x20-\x7e]/g, (character) => special[character] ?? "?");
}

function element(name: string, text: string): string {
  return `  <${name}>${escapeText(text)}</${name}>\n`;
}

function response(elements: string): string {
  return `<xcatresponse>\n${elements}</xcatresponse>\n`;
}

/**
 * What follows the text of an info line; the line's beginning is {@link infoStart}. Rows that are the same for
 * many nodes are written with these, so that their text is escaped once.
 */
export function infoEnd(server: string): string {
  return `</info>\n${element("xcatdsource", server)}</xcatresponse>\n`;
}

export const infoStart = "<xcatresponse>\n  <info>";

/** @param server the short host name of this server, for `<xcatdsource>` */
export function writeReply(reply: Reply, server: string): string {
  const source = element("xcatdsource", server);
  if ("info" in reply) return response(element("info", reply.info) + source);
  if ("data" in reply) return response(reply.data.map((line) => element("data", line)).join("") + source);
  return response(element("error", reply.error) + element("errorcode", "1") + source);
}

/** The end of every answer; without it the answer was cut short. */
export function writeDone(transid: string | undefined): string {
  return response(doneElements(transid));
}

/** The answer to a request that was not carried out: the end is in the same element. */
export function writeRefusal(error: string, transid: string | undefined): string {
  return response(element("error", error) + element("errorcode", "1") + doneElements(transid));
}

function doneElements(transid: string | undefined): string {
  return element("serverdone", "") + (transid === undefined ? "" : element("transid", transid));
}
