import type { Machine } from "./machine/machine.ts";

/** What a node says on its console when its boot has failed: the four parts of its first problem, and the policy. */
export interface BootFailure {
  readonly doing: string;
  readonly on: string;
  readonly found: string;
  readonly remedy: string;
  /** What follows `statelite.onfail=`: `poweroff in 1 s`, `shell: a shell on this console`. */
  readonly policy: string;
}

/**
 * Waits until a node gives up.
 *
 * @param seconds from now until the policy's line, which comes last
 */
export async function bootFailure(machine: Machine, seconds: number): Promise<BootFailure> {
  const { console } = machine;
  const policy = await console.waitFor(/policy statelite\.onfail=(.*)$/, seconds);
  const heading = console.lines.findIndex((line) => line.text.includes("THE BOOT OF THIS NODE HAS FAILED"));
  const part = (name: string): string => {
    const pattern = new RegExp(`^  ${name} +(.*)$`);
    const line = console.lines.slice(heading).find(({ text }) => pattern.test(text));
    return pattern.exec(line?.text ?? "")?.[1] ?? "";
  };
  return {
    doing: part("doing"),
    on: part("on"),
    found: part("found"),
    remedy: part("remedy"),
    policy: policy[1] ?? "",
  };
}
