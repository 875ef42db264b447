/**
 * JSON that is harmless on a terminal, too: of the characters that `printable` shows otherwise JSON itself escapes only
 * some. They stand there as `\uNNNN`, which means the same to whoever reads it.
 *
 * @param indent blanks for each level; on one line where not given
 */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
