import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { formatHelp } from "./help.ts";
import type { Operand, Options, Values } from "./options.ts";

/** What a subcommand of statelite-server is, as data, and what it does. */
export interface Definition<O extends Options> {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The help's first paragraph. */
  readonly about: string;
  readonly options: O;
  readonly operands: readonly Operand[];
  /** The help's end. */
  readonly notes?: string;
  /** @returns the exit status: 0, or 1 for a problem that was reported */
  run(values: Values<O>, operands: readonly string[]): Promise<number>;
}

/** A subcommand as the program has it. */
export interface Command extends Omit<Definition<Options>, "run"> {
  /** The whole help, beginning with `Usage:`. */
  readonly help: string;
  /**
   * @returns the exit status
   * @throws UsageError
   */
  run(args: readonly string[]): Promise<number>;
}

/** The command line makes no sense: exit status 2, with the command's help. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export function defineCommand<const O extends Options>(definition: Definition<O>): Command {
  const { options, operands } = definition;
  return {
    ...definition,
    help: formatHelp(definition),
    async run(args) {
      const { values, positionals } = parse(args, options);
      const surplus = operands.at(-1)?.repeated === true ? undefined : positionals[operands.length];
      if (surplus !== undefined) throw new UsageError(`what is ${surplus}?`);
      const missing = operands[positionals.length];
      if (missing !== undefined && missing.optional !== true)
        throw new UsageError(`${missing.name} is needed`);
      return definition.run(values, positionals);
    },
  };
}

/** parseArgs of node:util, strict, with its complaints as {@link UsageError}. */
function parse<O extends Options>(args: readonly string[], options: O) {
  const config: ParseArgsOptionsConfig = Object.fromEntries(
    Object.entries(options).map(([name, { takes, short }]) => [
      name,
      { type: takes === undefined ? "boolean" : "string", ...(short !== undefined && { short }) },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: config,
      allowPositionals: true,
      strict: true,
    });
    // Values are strings and booleans as the table above has it, which fromEntries cannot see.
    return { values: values as Values<O>, positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** @throws UsageError where the option was not given */
export function required(value: string | undefined, option: string): string {
  if (value === undefined || value === "") throw new UsageError(`${option} is needed`);
  return value;
}
