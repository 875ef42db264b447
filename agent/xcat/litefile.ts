import type { Answer } from "./answer.ts";
import { QueryFailure } from "./failure.ts";
import { splitNode } from "./lines.ts";
import type { LitefileRow } from "./tables.ts";

/** The rows of a litefile answer, and the node that they are for. */
export interface Litefile {
  readonly node: string;
  readonly rows: readonly LitefileRow[];
}

/** xcatd's `sprintf("%s: %-13s %s", …)`: the options' column. */
const COLUMN = 13;

/** Throws {@link QueryFailure} where a line is none of litefile's: a row that is not understood is not skipped. */
export function readLitefile(answer: Answer): Litefile {
  const rows: LitefileRow[] = [];
  let node: string | undefined;
  for (const reply of answer.replies) {
    const { node: name, body } = splitNode("litefile", reply.text, node);
    node = name;
    rows.push(readRow(body));
  }
  if (node === undefined) {
    throw new QueryFailure(
      "no-rows",
      "the answer has no rows, not even /etc/mtab, which xcatd always sends",
      "try the command on the server: litefile NODE",
    );
  }
  return { node, rows };
}

/**
 * Options that fit the column are padded to it and may hold blanks; longer ones end at the first blank. One blank
 * follows, and all the rest is the path.
 */
function readRow(body: string): LitefileRow {
  const fits = body.length > COLUMN + 1 && body[COLUMN] === " ";
  const end = fits ? COLUMN : body.indexOf(" ", COLUMN);
  const options = body.slice(0, end).trimEnd();
  const path = body.slice(end + 1);
  if (end < 0 || options === "" || path === "") {
    throw new QueryFailure(
      "protocol",
      `"${body.slice(0, 200)}" is no litefile row: options, then a path`,
      "correct that row with tabedit litefile, or see what listens on that port",
    );
  }
  return { options, path };
}
