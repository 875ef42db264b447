/** Table text is bytes as characters; what a terminal or JSON gets is UTF-8 text. */
export function bytesToText(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}
