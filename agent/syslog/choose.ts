import type { LogLine } from "../log.ts";
import type { Severity, SyslogLine } from "./message.ts";

const SEVERITIES: Readonly<Record<LogLine["kind"], Severity>> = {
  fatal: "critical",
  row: "error",
  source: "warning",
  note: "notice",
  say: "info",
  detail: "debug",
};

/** What a log server gets of the log: every problem; with `xcatdebugmode=1` what the console says, with `2` all. */
export function chooseLine({ kind, code, text }: LogLine, debug: 0 | 1 | 2): SyslogLine | undefined {
  const wanted = kind === "detail" ? 2 : kind === "say" ? 1 : 0;
  return debug < wanted ? undefined : { severity: SEVERITIES[kind], id: code ?? "-", text };
}
