import type { FaultRecord } from "./record.ts";

const HEAD = `# What becomes of a boot with something wrong

Made by \`npm test\`, a line for each fault that a test makes: what the console of the node said (its last words, or the line
that showed that it was noticed), what came of it, after how many seconds (emulated machines; from power-on), and what became
of the state that earlier boots had left. \`boots\`: what was wrong passed, and the node is up as its tables say.
`;

/** The text of test/faults.md. */
export function formatRecords(records: readonly FaultRecord[]): string {
  const lines = [HEAD];
  let file = "";
  for (const record of records) {
    if (record.test !== file) {
      file = record.test;
      lines.push(`## ${file}\n`, "| fault | console | outcome | seconds | state |", "|---|---|---|---|---|");
    }
    const { fault, said, outcome, seconds, state } = record;
    lines.push(`| ${[fault, said, outcome, seconds.toFixed(0), state].map(cell).join(" | ")} |`);
    if (records[records.indexOf(record) + 1]?.test !== file) lines.push("");
  }
  return lines.join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ").replaceAll("<", "&lt;");
}
