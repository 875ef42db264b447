import { type Command, UsageError } from "./command.ts";
import type { Operand, Option } from "./options.ts";

/** Options and operands that several commands have. */

/** For administrators who always work on the same tables, and for completion. */
const variable = "STATELITE_TABLES";

export const tablesOption = {
  takes: "TABLES",
  completes: { kind: "tables" },
  help: `[csv:]DIR    CSV files in tabdump form, one for each table
sqlite:DIR   xCAT's SQLite files, as in /etc/xcat
pg:DSN       PostgreSQL: a URL, or as in cfgloc after its Pg: (PGPASSWORD has the password)
cfgloc:FILE  where xCAT's own file says, as /etc/xcat/cfgloc
Without it ${variable} of the environment counts.`,
} as const satisfies Option;

export const allowCmdOption = {
  help: "run the #CMD= of litetree rows on this machine",
} as const satisfies Option;

export const noderangeOperand = {
  name: "NODERANGE",
  completes: { kind: "noderange" },
} as const satisfies Operand;

/** @throws UsageError where nobody has said which tables */
export function tablesOf(values: { readonly tables?: string | undefined }): string {
  const named = values.tables ?? process.env[variable] ?? "";
  if (named === "") throw new UsageError(`--tables is needed, or ${variable} in the environment`);
  return named;
}

/** The command of this name. */
export function findCommand(commands: readonly Command[], name: string | undefined): Command | undefined {
  return commands.find((candidate) => candidate.name === name);
}
