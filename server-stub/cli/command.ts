import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

/** A subcommand of statelite-server. What the list of commands, `--help` and completion need is data. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The whole help, beginning with `Usage:`. */
  readonly help: string;
  /** @returns the exit status: 0, or 1 for a problem that was reported */
  run(args: readonly string[]): Promise<number>;
}

/** The command line makes no sense: exit status 2, with the command's help. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * parseArgs of node:util, strict, with its complaints as {@link UsageError}.
 *
 * @throws UsageError
 */
export function parseOptions<const O extends ParseArgsOptionsConfig>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** @throws UsageError where the option was not given */
export function required(value: string | undefined, option: string): string {
  if (value === undefined || value === "") throw new UsageError(`${option} is needed`);
  return value;
}
