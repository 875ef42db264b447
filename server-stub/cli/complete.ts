import type { Command } from "./command.ts";
import type { Completion, Operand, Option } from "./options.ts";

/** What stands for the word that is being typed. */
export interface Candidates {
  /** Whole words. */
  readonly words: readonly string[];
  /** The shell's own completion of names is asked for, too: of files, or of directories alone. */
  readonly paths?: "file" | "folder";
}

/** Names from the tables; nothing where there are none, or where they cannot be read. */
export interface NameSource {
  /** @param tables the value of `--tables` on the line, if it is there */
  nodes(tables: string | undefined): Promise<readonly string[]>;
  groups(tables: string | undefined): Promise<readonly string[]>;
  images(tables: string | undefined): Promise<readonly string[]>;
}

const nothing: Candidates = { words: [] };
const prefixesOfTables = ["csv:", "sqlite:", "pg:", "cfgloc:"];

/**
 * Completes a line of statelite-server.
 *
 * @param words those after the program's name; the last one is being typed, and may be empty
 */
export async function complete(
  commands: readonly Command[],
  words: readonly string[],
  names: NameSource,
): Promise<Candidates> {
  const [name = "", ...rest] = words;
  const typed = words.at(-1) ?? "";
  if (words.length <= 1)
    return begin([...commands.map((command) => command.name), "--help", "--version"], typed);
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) return nothing;
  const { place, tables } = readLine(command, rest.slice(0, -1));
  if (place.kind === "value") return candidates(place.option.completes, typed, names, tables);
  if (typed.startsWith("-") && !place.onlyOperands) {
    const [, option = "", value] = /^--([^=]+)=(.*)$/s.exec(typed) ?? [];
    if (value === undefined)
      return begin([...Object.keys(command.options).map((word) => `--${word}`), "--help"], typed);
    const found = await candidates(optionOf(command, option)?.completes, value, names, tables);
    return { ...found, words: found.words.map((word) => `--${option}=${word}`) };
  }
  return candidates(operandAt(command, place.index)?.completes, typed, names, tables);
}

type PlaceOnLine =
  | { readonly kind: "value"; readonly option: Option }
  | { readonly kind: "operand"; readonly index: number; readonly onlyOperands: boolean };

/** What is to come after these words, and what they say about the tables. */
function readLine(command: Command, words: readonly string[]) {
  let waiting: Option | undefined;
  let tables: string | undefined;
  let index = 0;
  let onlyOperands = false;
  for (const word of words) {
    if (waiting !== undefined) {
      if (waiting === command.options["tables"]) tables = word;
      waiting = undefined;
      continue;
    }
    if (onlyOperands || !word.startsWith("-") || word === "-") {
      index += 1;
      continue;
    }
    if (word === "--") onlyOperands = true;
    const [, name = "", value] = /^--?([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    const option = optionOf(command, name);
    if (option?.takes === undefined) continue;
    if (value === undefined) waiting = option;
    else if (name === "tables") tables = value;
  }
  const place: PlaceOnLine =
    waiting === undefined ? { kind: "operand", index, onlyOperands } : { kind: "value", option: waiting };
  return { place, tables };
}

function operandAt({ operands }: Command, index: number): Operand | undefined {
  const last = operands.at(-1);
  return operands[index] ?? (last?.repeated === true ? last : undefined);
}

function optionOf({ options }: Command, name: string): Option | undefined {
  return Object.hasOwn(options, name)
    ? options[name]
    : Object.values(options).find((option) => option.short === name);
}

async function candidates(
  completion: Completion | undefined,
  typed: string,
  names: NameSource,
  tables: string | undefined,
): Promise<Candidates> {
  switch (completion?.kind) {
    case undefined:
      return nothing;
    case "file":
    case "folder":
      return { words: [], paths: completion.kind };
    case "tables":
      return { ...begin(prefixesOfTables, typed), paths: "file" };
    case "words":
      return begin(completion.words, typed);
    case "image":
      return begin(await names.images(tables), typed);
    case "state": {
      const prefix = completion.imageAfter.find((text) => typed.startsWith(text));
      if (prefix === undefined) return begin([...completion.words, ...completion.imageAfter], typed);
      return begin(
        (await names.images(tables)).map((image) => `${prefix}${image}`),
        typed,
      );
    }
    case "noderange": {
      // Only the last name of a range is being typed: `n01,n02,-gr`.
      const [, before = ""] = /^(.*[,@(]-?|-)[^,@(]*$/s.exec(typed) ?? [];
      const all = [...(await names.nodes(tables)), ...(await names.groups(tables))];
      return begin(
        all.map((node) => `${before}${node}`),
        typed,
      );
    }
    default:
      return completion satisfies never;
  }
}

function begin(words: readonly string[], typed: string): Candidates {
  return { words: words.filter((word) => word.startsWith(typed)) };
}
