/**
 * A reader of the XML that xcatd writes: elements, text and references to characters. No attributes, comments,
 * declarations or CDATA, which xcatd never sends and an attacker would; several root elements one after the other.
 * Text comes in pieces of any size.
 */

/** The text is not XML of that kind. The message says what was met. */
export class XmlError extends Error {
  override readonly name = "XmlError";
}

export interface XmlHandler {
  open(name: string, depth: number): void;
  /** A piece of an element's text; there may be several. Never between root elements. */
  text(piece: string): void;
  close(name: string, depth: number): void;
}

const MAX_DEPTH = 8;
/** A tag or a reference that is longer is none of xcatd's. */
const MAX_MARKUP = 80;

const CHARACTERS: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

export class XmlReader {
  readonly #handler: XmlHandler;
  readonly #open: string[] = [];
  /** The markup that a piece ended in the middle of, from its `<` or `&` on. */
  #markup = "";

  constructor(handler: XmlHandler) {
    this.#handler = handler;
  }

  /** Throws {@link XmlError}. */
  feed(piece: string): void {
    for (let at = 0; at < piece.length; )
      at = this.#markup === "" ? this.#text(piece, at) : this.#more(piece, at);
  }

  /** Text up to the next markup. */
  #text(piece: string, from: number): number {
    const tag = indexOrEnd(piece, "<", from);
    // Looked for no further than the tag, or a large piece without references is searched once for each tag.
    const end = from + indexOrEnd(piece.slice(from, tag), "&", 0);
    if (end > from) this.#emit(piece.slice(from, end));
    if (end < piece.length) this.#markup = piece.charAt(end);
    return end + 1;
  }

  /** Markup up to its end, if that is here. */
  #more(piece: string, from: number): number {
    const found = piece.indexOf(this.#markup.startsWith("<") ? ">" : ";", from);
    const end = found < 0 ? piece.length : found + 1;
    this.#markup += piece.slice(from, Math.min(end, from + MAX_MARKUP));
    if (this.#markup.length > MAX_MARKUP)
      throw new XmlError(`"${this.#markup.slice(0, 40)}…" is no markup of xcatd's`);
    if (found >= 0) {
      const markup = this.#markup;
      this.#markup = "";
      if (markup.startsWith("<")) this.#tag(markup);
      else this.#emit(character(markup));
    }
    return end;
  }

  #emit(text: string): void {
    if (this.#open.length > 0) this.#handler.text(text);
    else if (/[^ \t\r\n]/.test(text))
      throw new XmlError(`there is text outside of an element: "${text.slice(0, 40)}"`);
  }

  #tag(markup: string): void {
    const [, closing, name, empty] = /^<(\/?)([A-Za-z_][\w.-]*)\s*(\/?)>$/.exec(markup) ?? [];
    if (name === undefined || (closing && empty)) throw new XmlError(`"${markup}" is no markup of xcatd's`);
    if (!closing) {
      if (this.#open.length === MAX_DEPTH)
        throw new XmlError(`elements are nested more than ${MAX_DEPTH} deep`);
      this.#open.push(name);
      this.#handler.open(name, this.#open.length);
      if (!empty) return;
    }
    const innermost = this.#open.at(-1);
    if (innermost !== name)
      throw new XmlError(`</${name}> closes ${innermost ? `<${innermost}>` : "nothing"}`);
    this.#handler.close(name, this.#open.length);
    this.#open.pop();
  }
}

function indexOrEnd(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from);
  return at < 0 ? text.length : at;
}

/** `&lt;`, `&#60;` or `&#x3c;` as the character it stands for. */
function character(reference: string): string {
  const name = reference.slice(1, -1);
  const known = Object.hasOwn(CHARACTERS, name) ? CHARACTERS[name] : undefined;
  if (known !== undefined) return known;
  const [, hex, decimal] = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name) ?? [];
  const code = hex ? Number.parseInt(hex, 16) : Number(decimal ?? 0);
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code === 0 || code > 0x10ffff || surrogate)
    throw new XmlError(`"${reference}" stands for no character`);
  return String.fromCodePoint(code);
}
