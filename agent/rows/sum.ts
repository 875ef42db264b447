/** The value of what stands between parentheses; empty text where there is none. */
export type Sum = (groups: readonly (string | undefined)[]) => string | bigint;

/**
 * Reads a sum with its parentheses: whole numbers, `$1`, `+ - * / %` and `sprintf("%02d", …)`, which is what xCAT's
 * documentation has.
 *
 * @throws SyntaxError where there is anything else in it
 */
export function readSum(text: string): Sum {
  return new SumReader(text).read();
}

const token =
  /\s*(?:(0(?!\d)|[1-9]\d*)|\$(?:(\d+)|\{(\d+)\})|"([^"$@\\]*)"|'([^'\\]*)'|(sprintf)\b|([-+*/%(),]))/y;

class SumReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

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
