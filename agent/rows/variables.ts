import { hasValue } from "./table.ts";

/** Finds a value for `$table.column`; undefined where there is no such table. */
export type Lookup = (table: string, column: string) => string | undefined;

export type Substituted =
  | { readonly text: string; readonly unknownTable?: undefined }
  | { readonly unknownTable: string };

/**
 * Puts values for the variables of a litetree directory or server, as xcatd does, its oddities included: a
 * variable runs up to `#` or a blank, several in one path component are joined with a dot, trailing slashes
 * are lost, and in a server without slashes nothing is put before it.
 */
export function substitute(
  text: string,
  node: string,
  kind: "directory" | "server",
  lookup: Lookup,
): Substituted {
  let result = "";
  for (const component of componentsOf(text)) {
    if (!component.includes("$")) {
      result += `/${component}`;
      continue;
    }
    const [, before = "", variables = "", after = ""] = /^([^$]*)([^# ]*)([^\n]*)/.exec(component) ?? [];
    const values: string[] = [];
    for (const variable of variables.split("$")) {
      if (variable === "") continue;
      if (variable === "node") {
        values.push(node);
        continue;
      }
      const [table = "", column = ""] = variable.split(".");
      const value = lookup(table, hasValue(column) ? column : "UNDEFINED");
      if (value === undefined) return { unknownTable: table };
      values.push(hasValue(value) ? value : "UNDEFINED");
    }
    result += `${kind === "directory" ? "/" : ""}${before}${values.join(".")}${after}`;
  }
  return { text: result };
}

/** The parts between slashes; empty ones at the end do not count. */
function componentsOf(text: string): string[] {
  const components = text.split("/");
  while (components.length > 0 && components.at(-1) === "") components.pop();
  return components;
}

/**
 * Replaces each `#CMD=command#` by what the command prints; other `#` in such a text are lost. A command that
 * prints nothing, or fails, is replaced by a remark that no server has as a directory.
 *
 * @param run gives the output without its last newline; empty where the command failed
 */
export async function runCommands(text: string, run: (command: string) => Promise<string>): Promise<string> {
  if (!text.includes("#CMD=")) return text;
  let result = "";
  for (const piece of text.split("#")) {
    if (!piece.includes("CMD=")) {
      result += piece;
      continue;
    }
    const output = await run(piece.replace("CMD=", ""));
    result += hasValue(output) ? output : `#CMD=${output} did not return output#`;
  }
  return result;
}
