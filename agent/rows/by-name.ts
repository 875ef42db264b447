/**
 * Values that xCAT works out from a node's name, so that one row of a group serves all of its nodes:
 *
 * - `|\D+(\d+)|10.0.0.($1+10)|`: what the pattern finds in the name is replaced; each pair of parentheses is a sum of
 *   whole numbers, `$1` what the first group of the pattern found;
 * - `|10.0.0.($1+10)|`: the same without a pattern; `$1`, `$2` … are the numbers of the name without their first zeros;
 * - `/\z/-bmc/`: replaced as it is written.
 *
 * A name in which the pattern finds nothing is the value itself. All of this is as xCAT's Table.pm has it, but that a
 * directory written with a slash at its end, `/vol/nfs/`, stays one unless its first part is found in the name.
 */
interface NameRule {
  /** Absent: by the numbers of the name. */
  readonly pattern?: RegExp;
  readonly pieces: readonly (string | Sum)[];
}

/** The value of what stands between parentheses; empty text where there is none. */
type Sum = (groups: readonly (string | undefined)[]) => string | bigint;

/** Beyond it something else than a rule was written. */
const maxLength = 1024;
const maxRules = 1000;

/** `null`: it has the form of a rule, and cannot be one. */
const rules = new Map<string, NameRule | null>();

/** Whether a value has the form of a rule, and is none that can be worked out. */
export function isBrokenRule(value: string): boolean {
  return isRule(value) && ruleOf(value) === null;
}

/** The value for this node: as it stands, or worked out from the node's name; empty where that is impossible. */
export function valueByName(value: string, node: string): string {
  if (!isRule(value)) return value;
  const rule = ruleOf(value);
  if (rule === null) return "";
  if (directory.test(value) && rule.pattern?.test(node) === false) return value;
  return apply(rule, node);
}

const directory = /^(?:\/[\w-]+){2}\/$/;

function isRule(value: string): boolean {
  if (value[0] !== "|" && value[0] !== "/") return false;
  return /^(?:\|.*\||\/[^/]*\/[^/]*\/)$/.test(value);
}

function ruleOf(value: string): NameRule | null {
  const known = rules.get(value);
  if (known !== undefined) return known;
  const rule = value.length > maxLength ? null : parse(value);
  if (rules.size >= maxRules) rules.clear();
  rules.set(value, rule);
  return rule;
}

function parse(value: string): NameRule | null {
  const separator = value.charAt(0);
  const inside = value.slice(1, -1);
  const middle = inside.indexOf(separator);
  try {
    if (separator === "/")
      return { pattern: patternOf(inside.slice(0, middle)), pieces: [inside.slice(middle + 1)] };
    const pieces = piecesOf(inside.slice(middle + 1));
    return middle === -1 ? { pieces } : { pattern: patternOf(inside.slice(0, middle)), pieces };
  } catch {
    return null; // No pattern, or no sum: who reads the tables tells which row it is.
  }
}

function apply({ pattern, pieces }: NameRule, node: string): string {
  const found = (pattern ?? byNumbers(node)).exec(node);
  if (found === null) return node;
  const [all] = found;
  const put = pieces.map((piece) => {
    if (typeof piece === "string") return piece;
    // Perl calculates with the whole name in which the sum stands: beside a rest of it there is no result.
    return all === node ? String(calculate(piece, found)) : "";
  });
  return `${node.slice(0, found.index)}${put.join("")}${node.slice(found.index + all.length)}`;
}

function calculate(sum: Sum, groups: readonly (string | undefined)[]): string | bigint {
  try {
    return sum(groups);
  } catch {
    return ""; // Divided by zero.
  }
}

/** Finds each number of the name, zeros before it left out. */
function byNumbers(node: string): RegExp {
  const numbers = node.match(/[\D0]*\d+/g)?.length ?? 0;
  return new RegExp(`${"[\\D0]*(\\d+)".repeat(numbers)}.*$`);
}

const classes: Readonly<Record<string, string>> = {
  alnum: "a-zA-Z0-9",
  alpha: "a-zA-Z",
  digit: "\\d",
  lower: "a-z",
  space: "\\s",
  upper: "A-Z",
  xdigit: "0-9a-fA-F",
};

const anchors: Readonly<Record<string, string>> = { A: "^", z: "$", Z: "$" };

/**
 * A pattern of Perl's, as far as it means the same here.
 *
 * @throws where it does not
 */
function patternOf(perl: string): RegExp {
  const text = perl.replace(
    /\\([\s\S])|\[:(\w+):\]/g,
    (whole, escaped: string | undefined, name: string | undefined) => {
      const same = escaped === undefined ? classes[name ?? ""] : (anchors[escaped] ?? whole);
      if (
        same === undefined ||
        (escaped !== undefined && /[a-zA-Z]/.test(escaped) && !/[AzZdDwWsSbBntrfx]/.test(escaped))
      )
        throw new SyntaxError(`${whole} of Perl`);
      return same;
    },
  );
  if (repeatsARepetition(text)) throw new SyntaxError(`${perl} could take for ever`);
  return new RegExp(text);
}

/** `(\w+)*`: where nothing is found, the engine goes on trying for longer than anybody waits, and serves nobody else. */
function repeatsARepetition(pattern: string): boolean {
  // What is escaped or in brackets is a character like any other.
  const bare = pattern.replace(/\\./gs, "x").replace(/\[[^\]]*\]/g, "x");
  const open = [false];
  for (let at = 0; at < bare.length; at += 1) {
    const character = bare[at] ?? "";
    if (character === "(") open.push(false);
    else if (character === ")") {
      const repeats = open.pop() ?? false;
      if (repeats && /[*+{]/.test(bare[at + 1] ?? "")) return true;
      if (repeats) open[open.length - 1] = true;
    } else if (/[*+{]/.test(character)) open[open.length - 1] = true;
  }
  return false;
}

/** Text and sums in turn; a parenthesis that has no partner is text, and so is all behind it. */
function piecesOf(text: string): (string | Sum)[] {
  const pieces: (string | Sum)[] = [];
  let at = 0;
  for (;;) {
    const open = text.slice(at).search(/[()]/) + at;
    const end = open < at || text[open] === ")" ? undefined : closing(text, open);
    if (end === undefined) return [...pieces, text.slice(at)];
    pieces.push(text.slice(at, open), new SumReader(text.slice(open, end)).read());
    at = end;
  }
}

/** The place after the parenthesis that closes the one at `open`. */
function closing(text: string, open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    if (text[at] === ")") depth -= 1;
    if (depth === 0) return at + 1;
  }
  return undefined;
}

const token =
  /\s*(?:(0(?!\d)|[1-9]\d*)|\$(?:(\d+)|\{(\d+)\})|"([^"$@\\]*)"|'([^'\\]*)'|(sprintf)\b|([-+*/%(),]))/y;

/** Whole numbers, `$1`, `+ - * / %`, parentheses and `sprintf("%02d", …)`: what xCAT's documentation has. */
class SumReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws where there is anything else in it */
  read(): Sum {
    const sum = this.#primary();
    if (this.#text.slice(this.#at).trim() !== "") throw this.#unknown();
    return sum;
  }

  #added(): Sum {
    let left = this.#multiplied();
    for (let sign = this.#sign("+", "-"); sign !== undefined; sign = this.#sign("+", "-"))
      left = operation(sign, left, this.#multiplied());
    return left;
  }

  #multiplied(): Sum {
    let left = this.#signed();
    for (let sign = this.#sign("*", "/", "%"); sign !== undefined; sign = this.#sign("*", "/", "%"))
      left = operation(sign, left, this.#signed());
    return left;
  }

  #signed(): Sum {
    const sign = this.#sign("-", "+");
    if (sign === undefined) return this.#primary();
    const value = this.#signed();
    return sign === "-" ? operation("-", () => 0n, value) : value;
  }

  #primary(): Sum {
    const [, number, group, braced, double, single, sprintf, sign] = this.#next() ?? [];
    const text = double ?? single;
    if (number !== undefined) return () => BigInt(number);
    if (group !== undefined || braced !== undefined) return (groups) => groups[Number(group ?? braced)] ?? "";
    if (text !== undefined) return () => text;
    if (sprintf !== undefined) return this.#sprintf();
    if (sign !== "(") throw this.#unknown();
    if (this.#sign(")") !== undefined) return () => "";
    const sum = this.#added();
    if (this.#sign(")") === undefined) throw this.#unknown();
    return sum;
  }

  #sprintf(): Sum {
    if (this.#sign("(") === undefined) throw this.#unknown();
    const values = [this.#added()];
    while (this.#sign(",") !== undefined) values.push(this.#added());
    if (this.#sign(")") === undefined) throw this.#unknown();
    const [format, ...others] = values;
    const text = String(format?.([]) ?? "");
    // What is not among these is not guessed at.
    if (/%(?!%|0?\d{0,3}[dsxXo])/.test(text.replaceAll("%%", ""))) throw this.#unknown();
    return (groups) =>
      print(
        text,
        others.map((value) => value(groups)),
      );
  }

  #next(): RegExpExecArray | undefined {
    token.lastIndex = this.#at;
    const match = token.exec(this.#text) ?? undefined;
    if (match !== undefined) this.#at = token.lastIndex;
    return match;
  }

  /** Takes one of these signs, if it is the next. */
  #sign(...signs: readonly string[]): string | undefined {
    const before = this.#at;
    const sign = this.#next()?.[7];
    if (sign !== undefined && signs.includes(sign)) return sign;
    this.#at = before;
    return undefined;
  }

  #unknown(): Error {
    return new SyntaxError(`no sum at ${this.#text.slice(this.#at)}`);
  }
}

/** With 64 bits; quotients are cut towards zero, remainders have the sign of the dividend. */
function operation(sign: string, left: Sum, right: Sum): Sum {
  return (groups) => {
    const [a, b] = [whole(left(groups)), whole(right(groups))];
    return BigInt.asIntN(64, calculated(sign, a, b));
  };
}

function calculated(sign: string, a: bigint, b: bigint): bigint {
  switch (sign) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    default:
      return a % b;
  }
}

/** The number at the beginning of a text, as Perl sees it. */
function whole(value: string | bigint): bigint {
  if (typeof value === "bigint") return value;
  return BigInt.asIntN(64, BigInt(/^\s*-?(\d+)/.exec(value)?.[0].trim() ?? "0"));
}

function print(format: string, values: readonly (string | bigint)[]): string {
  let next = 0;
  return format.replace(
    /%(?:%|(0?)(\d*)([dsxXo]))/g,
    (directive, zero: string, width: string, kind: string) => {
      if (directive === "%%") return "%";
      const value = values[next] ?? "";
      next += 1;
      const text = kind === "s" ? String(value) : inBase(whole(value), kind);
      const pad = zero === "0" && kind !== "s" ? "0" : " ";
      return text.startsWith("-") && pad === "0"
        ? `-${text.slice(1).padStart(Number(width) - 1, pad)}`
        : text.padStart(Number(width), pad);
    },
  );
}

function inBase(value: bigint, kind: string): string {
  if (kind === "d") return String(value);
  const text = BigInt.asUintN(64, value).toString(kind === "o" ? 8 : 16);
  return kind === "X" ? text.toUpperCase() : text;
}
