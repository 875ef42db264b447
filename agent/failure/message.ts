import type { Settings } from "../cmdline/options.ts";
import { formatProblem, type Problem } from "../errors.ts";
import { tellable } from "../problems.ts";
import type { ShellLock } from "./shell.ts";

/** How a failed boot is told of (semantics section 9). Pure; lines are made printable by who prints them. */

/** Of a table's ten thousand rows all may be wrong, and a serial line needs minutes for them. */
const MOST_SHOWN = 20;

/** How many problems of which codes there are. */
function inShort(problems: readonly Problem[]): string {
  const codes = [...Map.groupBy(problems, ({ code }) => code)].map(
    ([code, some]) => `${some.length} ${code}`,
  );
  return `${problems.length} more problems: ${codes.join(", ")}; the log and the report have them all`;
}

/** The four parts of each problem on lines of their own, with the code to look it up by, and what happens next. */
export function failureMessage(problems: readonly Problem[], next: string): string[] {
  const lines = ["", "statelite: THE BOOT OF THIS NODE HAS FAILED"];
  const shown = problems.slice(0, MOST_SHOWN);
  for (const { code, doing, on, found, remedy } of shown.map(tellable)) {
    lines.push("", `  doing   ${doing}`, `  on      ${on}`, `  found   ${found}`, `  remedy  ${remedy}`);
    lines.push(`  code    ${code}`);
  }
  if (problems.length > shown.length) lines.push("", `  and ${inShort(problems.slice(MOST_SHOWN))}`);
  return [...lines, "", `statelite: policy ${next}`, ""];
}

/** The same for logs: a line each. */
export function failureLines(problems: readonly Problem[], next: string): string[] {
  return [
    ...problems.map(tellable).map((problem) => `fatal (${problem.code}): ${formatProblem(problem)}`),
    `the boot of this node has failed (${next})`,
  ];
}

/** What the policy comes to: `statelite.onfail=reboot in 10 s`. */
export function describePolicy({ onfail, onfailDelay }: Settings, lock: ShellLock): string {
  return `statelite.onfail=${onfail}${onfail === "shell" ? SHELL[lock] : ` in ${onfailDelay} s`}`;
}

const SHELL: Readonly<Record<ShellLock, string>> = {
  allowed: ": a shell on this console",
  password: ": a shell on this console, behind a password",
  refused: ": this initrd was built with --shell=refused, so the machine halts",
};
