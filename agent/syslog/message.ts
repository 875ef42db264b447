/**
 * Lines for a log server, as RFC 5424 has them and RFC 5426 carries them: one line, one datagram. What comes from
 * outside was made printable before; here it is kept short and in its place.
 */

/** RFC 5424 section 6.2.1. */
export const SEVERITY = { critical: 2, error: 3, warning: 4, notice: 5, info: 6, debug: 7 } as const;
export type Severity = keyof typeof SEVERITY;

/** daemon. */
const FACILITY = 3;

/** In bytes. Every receiver takes 480, all that matter 2048 (RFC 5424 section 6.1), one Ethernet frame 1472. */
export const MESSAGE_BYTES = 1200;

/** A clock that says less was never set: no time is better than a wrong one. */
const EARLIEST = Date.UTC(2024, 0);

export interface SyslogLine {
  readonly severity: Severity;
  /** MSGID: what kind of line it is, e.g. a problem's code. */
  readonly id: string;
  readonly text: string;
}

/**
 * One datagram's text. The line is cut where it is too long.
 *
 * @param host HOSTNAME: the node's name, or its address
 * @param now milliseconds since 1970, as the node's clock has it
 */
export function formatSyslog({ severity, id, text }: SyslogLine, host: string, now: number): Buffer {
  const time = now < EARLIEST ? "-" : new Date(now).toISOString();
  const priority = FACILITY * 8 + SEVERITY[severity];
  const header = `<${priority}>1 ${time} ${word(host, 255)} statelite 1 ${word(id, 32)} - `;
  return Buffer.concat([Buffer.from(header), Buffer.from(cut(text, MESSAGE_BYTES))]);
}

/** PRINTUSASCII without a blank; `-` where nothing is left. */
function word(text: string, most: number): string {
  return text.replace(/[^\x21-\x7e]/g, "").slice(0, most) || "-";
}

/** At most so many bytes of UTF-8, no character halved. */
export function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const ending = "…";
  const room = bytes - Buffer.byteLength(ending);
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(room));
  return `${text.slice(0, read)}${ending}`;
}

/** A text in numbered pieces, one line each: `report 2/7 …`. At most `most` of them; the rest is said to be missing. */
export function piecesOf(id: string, text: string, most: number): SyslogLine[] {
  const size = MESSAGE_BYTES - 32;
  const bytes = Buffer.from(text);
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length && pieces.length < most; ) {
    let end = Math.min(bytes.length, at + size);
    // Not in the middle of a character of UTF-8.
    while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
    pieces.push(bytes.subarray(at, end).toString());
    at = end;
  }
  const total = pieces.length;
  return pieces.map((piece, index) => ({
    severity: "info",
    id,
    text: `${id} ${index + 1}/${total} ${piece}`,
  }));
}
