import type { BootOptions } from "./options.ts";
import { PARAMETERS } from "./parameters.ts";
import type { ParameterReader } from "./reader.ts";
import { BadValue } from "./values.ts";
import { type CommandLine, formatParameter, type Parameter } from "./words.ts";

/**
 * `init=` and its arguments: the few words that every init knows (run levels and their names), and all that stands
 * after `--`. As in the kernel, `init=` forgets the words before it.
 */
export function readInit(reader: ParameterReader, line: CommandLine): BootOptions["init"] {
  const path = reader.read("init", (text) => {
    if (!/^\/[!-~]*[!-.0-~]$/.test(text)) throw new BadValue(`"${text}" is no absolute path of a program`);
    return text;
  });
  const from = line.parameters.findLastIndex((p) => p.name === "init") + 1;
  const words = line.parameters.slice(from).filter(isInitWord);
  return { path: path ?? "/sbin/init", args: [...words, ...line.afterDashes].map(formatParameter) };
}

function isInitWord({ name, value }: Parameter): boolean {
  return value === undefined && /^(?:\d|[sS]|single|rescue|emergency|auto)$/.test(name);
}

/** A boot loader that appends to a line with `--` in it makes its parameters arguments of init. */
export function noteMisplaced(reader: ParameterReader, afterDashes: readonly Parameter[]): void {
  for (const parameter of afterDashes) {
    if (!(parameter.name in PARAMETERS) && !parameter.name.startsWith("statelite.")) continue;
    reader.note(parameter, "it stands after -- and is init's", "write it before the --");
  }
}
