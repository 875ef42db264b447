/**
 * The arguments by which a program ends with the process that starts it: PR_SET_PDEATHSIG of prctl(2). Where that process
 * has ended before it was set, nothing would come of it: then the program is not started.
 */
export function tied(signal: "KILL" | "TERM" | "INT", argv: readonly string[]): string[] {
  const begin = '[ "$PPID" = "$0" ] && exec "$@"';
  return ["setpriv", "--pdeathsig", signal, "--", "sh", "-c", begin, String(process.pid), ...argv];
}
