import { askers, type StormServer } from "./asker.ts";

/** A share of the storm, for one process: argument 1 as JSON. */
export interface Share {
  readonly kind: string;
  readonly server: StormServer;
  /** Nodes from this number, so many; see {@link stormNode}. */
  readonly first: number;
  readonly nodes: number;
  readonly atOnce: number;
}

/** What a process prints when it is done, as JSON. */
export interface ShareResult {
  /** Milliseconds of each answer, from the connection's begin to the answer's end. */
  readonly times: readonly number[];
  /** What went wrong, the first few. */
  readonly failures: readonly string[];
  readonly failed: number;
}

/** Node `number` has a name and a loopback address of its own: 127.1.0.0 and on. */
export function stormNode(number: number): { readonly name: string; readonly address: string } {
  const at = number + 1;
  return {
    name: `n${String(at).padStart(6, "0")}`,
    address: `127.${1 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`,
  };
}

async function takePart({ kind, server, first, nodes, atOnce }: Share): Promise<ShareResult> {
  const asker = askers[kind]?.(server) ?? [];
  const times: number[] = [];
  const failures: string[] = [];
  let failed = 0;
  let next = first;
  const lane = async (): Promise<void> => {
    for (let number = next++; number < first + nodes; number = next++) {
      for (const ask of asker) {
        const began = performance.now();
        try {
          await ask(stormNode(number));
          times.push(performance.now() - began);
        } catch (error) {
          failed += 1;
          if (failures.length < 5) failures.push(error instanceof Error ? error.message : String(error));
        }
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return { times, failures, failed };
}

if (import.meta.main) {
  const share = JSON.parse(process.argv[2] ?? "{}") as Share;
  process.stdout.write(JSON.stringify(await takePart(share)));
}
