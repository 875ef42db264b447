import type { Operand, Option, Options } from "./options.ts";

/** What the help of a command is made of. */
export interface Helpful {
  readonly name: string;
  readonly about: string;
  readonly options: Options;
  readonly operands: readonly Operand[];
  readonly notes?: string;
}

/** Every option's explanation begins here. */
const column = 25;

export function formatHelp({ name, about, options, operands, notes }: Helpful): string {
  const words = operands.map((operand) => {
    const word = `${operand.name}${operand.repeated === true ? "..." : ""}`;
    return operand.optional === true ? `[${word}]` : word;
  });
  const usage = ["Usage: statelite-server", name, "[OPTION]...", ...words].join(" ");
  const lines = Object.entries(options).map(([option, what]) => formatOption(option, what));
  return [
    `${usage}\n${about.trim()}\n`,
    lines.join(""),
    ...(notes === undefined ? [] : [`${notes.trim()}\n`]),
  ].join("\n");
}

function formatOption(name: string, { help, takes, short }: Option): string {
  const value = takes === undefined ? "" : ` ${takes}`;
  const head = `  ${short === undefined ? "" : `-${short}${value}, `}--${name}${value}`;
  const [first = "", ...others] = help.split("\n");
  const begin = head.length < column ? head.padEnd(column) : `${head}\n${" ".repeat(column)}`;
  return [`${begin}${first}`, ...others.map((line) => `${" ".repeat(column)}${line}`)]
    .map((line) => `${line}\n`)
    .join("");
}
