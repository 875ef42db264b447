import { isHost } from "../cmdline/values.ts";
import type { Problem } from "../errors.ts";
import type { Answer, Reply } from "./answer.ts";
import { splitNode } from "./lines.ts";
import { describeError } from "./refusal.ts";
import type { LitetreeRow } from "./tables.ts";

/** The rows of a litetree answer. A row that can be no source is not among them: `problems` says why. */
export interface Litetree {
  /** Absent where there are no rows. */
  readonly node?: string;
  readonly rows: readonly LitetreeRow[];
  /** Of class `source` for a row left out, `note` for one that is kept. */
  readonly problems: readonly Problem[];
}

/** Throws QueryFailure where a line is none of litetree's, or an error belongs to no row. */
export function readLitetree(answer: Answer): Litetree {
  const rows: LitetreeRow[] = [];
  const problems: Problem[] = [];
  let node: string | undefined;
  let error: Reply | undefined;
  for (const reply of answer.replies) {
    if (reply.kind === "error") {
      if (error !== undefined) throw describeError("litetree", error.text.trim());
      error = reply;
      continue;
    }
    const { node: name, body } = splitNode("litetree", reply.text, node);
    node = name;
    const row = splitRow(body);
    // xcatd says what it could not find out and then sends the row without its directory.
    if (error !== undefined && row.directory !== "") throw describeError("litetree", error.text.trim());
    const judged = judgeRow(row, body, error?.text.trim());
    error = undefined;
    if (judged.usable) rows.push(row);
    problems.push(...judged.problems);
  }
  if (error !== undefined) throw describeError("litetree", error.text.trim());
  return { ...(node !== undefined && { node }), rows, problems };
}

/**
 * Whether a row can be a source, and what there is to say of it.
 *
 * @param shown the row as a person knows it
 * @param error what the server could not make out of it
 */
export function judgeRow(
  row: LitetreeRow,
  shown: string,
  error?: string,
): { readonly usable: boolean; readonly problems: readonly Problem[] } {
  const fault = error === undefined ? findFault(row) : variableFault(error);
  if (fault !== undefined) {
    return {
      usable: false,
      problems: [{ class: "source", code: "litetree-row", ...DOING, on: shown, ...fault }],
    };
  }
  const undefinedPart = /UNDEFINED/.test(row.server + row.directory);
  return { usable: true, problems: undefinedPart ? [undefinedNote(shown)] : [] };
}

type Fault = Pick<Problem, "found" | "remedy">;

const DOING = { doing: "read a litetree row" };
const TABEDIT = "correct the row with tabedit litetree";

/**
 * `server:/dir`, `server:/dir :options`; without a server `/dir` and `/dir:options`. The row's own colons are gone
 * when xcatd prints it, but a variable's value may have brought in new ones.
 */
export function splitRow(body: string): LitetreeRow {
  if (body.startsWith("/")) {
    const [, directory = body, mountOptions = ""] = /^(.*?) ?:([^/:]+)$/s.exec(body) ?? [];
    return { server: "", directory, mountOptions };
  }
  const [, place = body, mountOptions = ""] = /^(.*) :(.*)$/s.exec(body) ?? [];
  const [, server = place, directory = ""] = /^(\[[^\]]*\]|[^:]*):(.*)$/s.exec(place) ?? [];
  return { server, directory, mountOptions };
}

/** Why a row can be no source; `undefined` where it can. */
function findFault({ server, directory, mountOptions }: LitetreeRow): Fault | undefined {
  if (server.includes("#CMD=") || directory.includes("#CMD=")) {
    return {
      found: "its #CMD command did not run, or gave nothing",
      remedy: `${TABEDIT}, or run the command there`,
    };
  }
  if (server.startsWith("[") && directory === "") {
    return {
      found: "xcatd cuts an IPv6 address at its colons",
      remedy: "write a host name in the litetree table",
    };
  }
  if (server === "UNDEFINED") return { found: "the server's variable has no value", remedy: TABEDIT };
  if (server !== "" && !isHost(server)) return { found: `"${server}" is no server's name`, remedy: TABEDIT };
  if (directory === "") return { found: "the directory is missing", remedy: TABEDIT };
  if (!directory.startsWith("/"))
    return { found: `the directory "${directory}" is not absolute`, remedy: TABEDIT };
  if (directory.split("/").includes("..")) return { found: 'the directory has ".." in it', remedy: TABEDIT };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(directory)) {
    return { found: "the directory holds control characters", remedy: TABEDIT };
  }
  if (directory.includes("#TABLE"))
    return { found: "xcatd does not know #TABLE in litetree", remedy: TABEDIT };
  if (!/^[!-~]*$/.test(mountOptions))
    return { found: "the mount options hold odd characters", remedy: TABEDIT };
  return undefined;
}

function variableFault(error: string): Fault {
  return { found: `a variable of it cannot be replaced: "${error}"`, remedy: TABEDIT };
}

/** What xcatd puts for a variable without a value; a directory may be called so, but hardly on purpose. */
function undefinedNote(body: string): Problem {
  const found = "a variable of it has no value: UNDEFINED stands in its place";
  return {
    class: "note",
    code: "litetree-undefined",
    ...DOING,
    on: body,
    found,
    remedy: `set it, or ${TABEDIT}`,
  };
}
