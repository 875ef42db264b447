/**
 * Runs in a network namespace (`ip netns exec NAME bun in-namespace.ts JOB`), as the agent would on a node, and
 * prints what came of it as JSON.
 */
import type { NetworkOptions } from "../../../agent/cmdline/options.ts";
import { BootError, type Problem } from "../../../agent/errors.ts";
import { bringUp, type Network, type NetworkSettings } from "../../../agent/network/bring-up.ts";
import { type LinuxNetworkPaths, linuxNetwork } from "../../../agent/network/linux.ts";
import { Resolver, type ResolverOptions } from "../../../agent/network/resolver.ts";

export type Job =
  | {
      readonly kind: "bring-up";
      readonly options: NetworkOptions;
      readonly settings: NetworkSettings;
      readonly paths: LinuxNetworkPaths;
    }
  | {
      readonly kind: "resolve";
      readonly resolver: ResolverOptions;
      readonly lookup: readonly string[];
      readonly reverse: readonly string[];
    };

export interface Outcome {
  readonly network?: Network;
  /** By name or address; a problem where it failed, null where there is none. */
  readonly resolved?: Readonly<Record<string, string | string[] | Problem | null>>;
  readonly problem?: Problem;
  readonly lines: readonly string[];
}

if (import.meta.main) {
  const lines: string[] = [];
  const log = { say: (text: string) => lines.push(text), detail: (text: string) => lines.push(text) };
  const outcome = await run(JSON.parse(process.argv[2] ?? ""), log);
  console.log(JSON.stringify({ ...outcome, lines }));
}

async function run(
  job: Job,
  log: { say(t: string): void; detail(t: string): void },
): Promise<Partial<Outcome>> {
  if (job.kind === "bring-up") {
    return bringUp(job.options, job.settings, linuxNetwork(log, job.paths)).then(
      (network) => ({ network }),
      (error: unknown) => ({ problem: problemOf(error) }),
    );
  }
  const resolver = new Resolver({ ...job.resolver, log });
  const answers = [
    ...job.lookup.map((name) => [name, resolver.lookup(name)] as const),
    ...job.reverse.map((address) => [address, resolver.reverse(address)] as const),
  ].map(async ([asked, answer]) => [asked, await answer.catch(problemOf)] as const);
  const resolved = Object.fromEntries((await Promise.all(answers)).map(([a, b]) => [a, b ?? null]));
  return { resolved };
}

function problemOf(error: unknown): Problem {
  if (error instanceof BootError && error.problems[0] !== undefined) return error.problems[0];
  throw error;
}
