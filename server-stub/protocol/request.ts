/** A request of xcatd's protocol. Text is latin-1 bytes as characters. */
export interface Request {
  /** Empty where none was given: policy refuses that. */
  readonly command: string;
  readonly args: readonly string[];
  readonly noderange?: string;
  readonly transid?: string;
}

const maxDepth = 8;
const maxElements = 1000;

/** Thrown for anything that is not one well-formed `<xcatrequest>`. */
export class MalformedRequest extends Error {
  override readonly name = "MalformedRequest";
}

/** @throws MalformedRequest, whose message says what was found */
export function readRequest(text: string): Request {
  const root = new Reader(text).document();
  if (root.name !== "xcatrequest") throw new MalformedRequest(`root element ${root.name.slice(0, 40)}`);
  const texts = (name: string): string[] => root.children.filter((c) => c.name === name).map((c) => c.text);
  const [noderange] = texts("noderange");
  const [transid] = texts("transid");
  return {
    command: texts("command")[0] ?? "",
    args: texts("arg"),
    ...(noderange === undefined || noderange === "" ? {} : { noderange }),
    ...(transid === undefined ? {} : { transid }),
  };
}

interface Element {
  readonly name: string;
  readonly text: string;
  readonly children: readonly Element[];
}

const startTag = /<([A-Za-z_][\w.-]*)((?:\s+[A-Za-z_][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const endTag = /<\/([A-Za-z_][\w.-]*)\s*>/y;
const ignorable = /(?:\s+|<!--(?:(?!--)[\s\S])*-->|<\?(?:(?!\?>)[\s\S])*\?>)+/y;
const comment = /<!--(?:(?!--)[\s\S])*-->|<\?(?:(?!\?>)[\s\S])*\?>/y;
const characterData = /<!\[CDATA\[((?:(?!\]\]>)[\s\S])*)\]\]>/y;
const characters = /[^<]+/y;

/** As much of XML as a request needs: elements, text, character references, comments; no DTD, no entities. */
class Reader {
  readonly #text: string;
  #at = 0;
  #elements = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Element {
    this.#take(ignorable);
    const root = this.#element(0);
    this.#take(ignorable);
    if (this.#at < this.#text.length) throw new MalformedRequest(`text after the end at byte ${this.#at}`);
    return root;
  }

  #element(depth: number): Element {
    const [, name, , empty] = this.#take(startTag) ?? [];
    if (name === undefined) throw new MalformedRequest(`no element at byte ${this.#at}`);
    this.#elements += 1;
    if (depth >= maxDepth || this.#elements > maxElements) throw new MalformedRequest("too many elements");
    const children: Element[] = [];
    let text = "";
    while (empty !== "/") {
      const end = this.#take(endTag);
      if (end !== undefined) {
        if (end[1] !== name)
          throw new MalformedRequest(`</${end[1]?.slice(0, 40)}> closes <${name.slice(0, 40)}>`);
        break;
      }
      const data = this.#take(characterData);
      const run = data === undefined ? this.#take(characters) : undefined;
      if (data !== undefined) text += data[1] ?? "";
      else if (run !== undefined) text += decodeReferences(run[0]);
      else if (this.#take(comment) === undefined) children.push(this.#element(depth + 1));
    }
    return { name, text, children };
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }
}

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decodeReferences(text: string): string {
  return text.replace(/&([^;&]{0,10});?/g, (whole, name: string) => {
    if (!whole.endsWith(";")) throw new MalformedRequest("an & without its ;");
    const [, hex, decimal] = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name) ?? [];
    if (hex !== undefined || decimal !== undefined) {
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        throw new MalformedRequest("no such character");
      return Buffer.from(String.fromCodePoint(code)).toString("latin1");
    }
    const character = named[name];
    if (character === undefined) throw new MalformedRequest("an unknown entity");
    return character;
  });
}
