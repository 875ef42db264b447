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
 * A pattern of Perl's that stands in the tables, as far as it means the same here.
 *
 * @throws SyntaxError where it does not, or could keep the engine at work for ever
 */
export function perlPattern(perl: string): RegExp {
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
