/**
 * The kernel command line as parameters, cut where the kernel cuts it: `next_arg()` in lib/cmdline.c and
 * `parse_args()` in kernel/params.c.
 */

export interface Parameter {
  readonly name: string;
  /** Absent for a bare word (`shell`); may be empty (`STATEMNT=`). */
  readonly value?: string;
}

export interface CommandLine {
  /** In the order written, up to `--`. */
  readonly parameters: readonly Parameter[];
  /** What stands after `--`: for the real init, and for nobody else. */
  readonly afterDashes: readonly Parameter[];
}

/** Cuts the text of `/proc/cmdline`. Never fails: an open quote runs to the end, as in the kernel. */
export function splitCommandLine(text: string): CommandLine {
  const parameters: Parameter[] = [];
  const afterDashes: Parameter[] = [];
  let into = parameters;
  for (let at = skipBlanks(text, 0); at < text.length; ) {
    const { parameter, end } = nextParameter(text, at);
    const dashes = parameter.name === "--" && parameter.value === undefined;
    if (dashes && into === parameters) into = afterDashes;
    else into.push(parameter);
    at = skipBlanks(text, end);
  }
  return { parameters, afterDashes };
}

/** A parameter as one word again, without quotes: how the kernel hands it to init. */
export function formatParameter({ name, value }: Parameter): string {
  return value === undefined ? name : `${name}=${value}`;
}

/**
 * One parameter from `start`, which is no blank. Quotes join words anywhere but are taken off only around the
 * whole or around the value, so `a=b"c d"` keeps its quotes: the kernel does the same.
 */
function nextParameter(text: string, start: number): { parameter: Parameter; end: number } {
  const quoted = text[start] === '"';
  const begin = quoted ? start + 1 : start;
  let inQuotes = quoted;
  let equals = begin; // a name is never empty, so `begin` stands for "none yet"
  let end = begin;
  for (; end < text.length; end++) {
    const c = text[end];
    if (!inQuotes && isBlank(c)) break;
    if (c === "=" && equals === begin) equals = end;
    if (c === '"') inQuotes = !inQuotes;
  }
  if (equals === begin) {
    const word = text.slice(begin, end);
    return { parameter: { name: quoted ? withoutLastQuote(word) : word }, end };
  }
  const name = text.slice(begin, equals);
  const raw = text.slice(equals + 1, end);
  const opened = raw.startsWith('"');
  const inner = opened ? raw.slice(1) : raw;
  return { parameter: { name, value: opened || quoted ? withoutLastQuote(inner) : inner }, end };
}

function withoutLastQuote(text: string): string {
  return text.endsWith('"') ? text.slice(0, -1) : text;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && isBlank(text[at])) at++;
  return at;
}

/** The ASCII half of the kernel's isspace(); its other member, byte 0xa0, is half a letter in UTF-8. */
function isBlank(c: string | undefined): boolean {
  return c === " " || c === "\n" || c === "\t" || c === "\v" || c === "\f" || c === "\r";
}
