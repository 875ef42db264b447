/**
 * What busybox's reboot, halt and poweroff ask of the first process (init(8)): without a handler the kernel drops
 * signals for it. Ctrl-Alt-Del is left to the kernel, which restarts at once: nothing of ours needs to be told.
 */
const ASKED = { SIGTERM: "reboot", SIGUSR1: "halt", SIGUSR2: "poweroff" } as const;

/** @param restart never returns */
export function obeySignals(
  restart: (how: "reboot" | "halt" | "poweroff", signal: string) => Promise<never>,
): void {
  let first = true;
  for (const [signal, how] of Object.entries(ASKED)) {
    process.on(signal, () => {
      if (!first) return;
      first = false;
      void restart(how, signal);
    });
  }
}
