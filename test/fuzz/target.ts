import fc from "fast-check";
import { Limits } from "./limits.ts";

/** Something that takes input from outside, and how it is fuzzed. A file `test/fuzz/NAME.fuzz.ts` exports one. */
export interface FuzzTarget {
  /** The file's name without `.fuzz.ts`. */
  readonly name: string;
  /** What is fed, and what must hold, in a sentence. */
  readonly about: string;
  /** Inputs of `npm run fuzz`. */
  readonly inputs: number;
  /** Inputs of `npm test`: a few seconds' worth. */
  readonly share: number;
  /** Makes what is fuzzed: a server, a folder, or nothing. Ends with {@link FuzzSession.close}. */
  open(): Promise<FuzzSession>;
}

/** What is fuzzed, ready for inputs. */
export interface FuzzSession {
  /** Generates inputs, feeds them, and throws where one did harm. */
  readonly property: fc.IRawProperty<unknown>;
  /** How many inputs one run of the property feeds; 1 where not given. */
  readonly inputsPerRun?: number;
  /**
   * Checks what only shows after all of them (is it alive, has it grown, what did it log); throws where it does not
   * hold.
   *
   * @param inputs how many were fed
   * @returns facts for people: `12 MiB more than after the first tenth`
   */
  conclude?(inputs: number): Promise<readonly string[]>;
  /** Called at a tenth of the way, for {@link conclude} to compare with. */
  warm?(): Promise<void>;
  close?(): Promise<void>;
}

/**
 * A target that is a function: nothing to open, and limits of time and memory.
 *
 * @param check feeds one input; throws where something does not hold
 */
export function pureTarget<Input>(
  target: Omit<FuzzTarget, "open">,
  inputs: fc.Arbitrary<Input>,
  check: (input: Input) => void | Promise<void>,
): FuzzTarget {
  const open = (): Promise<FuzzSession> => {
    const limits = new Limits();
    return Promise.resolve({
      property: fc.asyncProperty(inputs, (input) => limits.feed(input, check)),
      warm: () => limits.warm(),
      conclude: () => limits.conclude(),
      close: () => limits.close(),
    });
  };
  return { ...target, open };
}

export interface FuzzOutcome {
  readonly facts: readonly string[];
  readonly inputs: number;
  readonly seconds: number;
}

/**
 * Feeds a target so many inputs.
 *
 * @throws Error with the smallest input found that does harm, the seed, and how to feed it again
 */
export async function fuzz(target: FuzzTarget, inputs: number, seed: number): Promise<FuzzOutcome> {
  const started = performance.now();
  const again = `npm run fuzz -- ${target.name} --seed ${seed} --inputs ${inputs}`;
  const session = await target.open();
  try {
    const runs = Math.max(1, Math.ceil(inputs / (session.inputsPerRun ?? 1)));
    // Two parts, the second with a seed of its own, so that what grows can be told from what is made once.
    const first = Math.max(1, Math.floor(runs / 10));
    await check(session.property, first, seed, again);
    await session.warm?.();
    if (runs > first) await check(session.property, runs - first, seed + 1, again);
    const fed = runs * (session.inputsPerRun ?? 1);
    const facts = await concluded(session, fed, again);
    return { facts, inputs: fed, seconds: (performance.now() - started) / 1000 };
  } finally {
    await session.close?.();
  }
}

async function check(
  property: fc.IRawProperty<unknown>,
  numRuns: number,
  seed: number,
  again: string,
): Promise<void> {
  const details = await fc.check(property, { numRuns, seed, interruptAfterTimeLimit: 3_600_000 });
  if (details.failed)
    throw new Error(
      `${describe(details.errorInstance)}\n${fc.defaultReportMessage(details)}\nAgain: ${again}`,
    );
}

async function concluded(session: FuzzSession, fed: number, again: string): Promise<readonly string[]> {
  try {
    return (await session.conclude?.(fed)) ?? [];
  } catch (error) {
    throw new Error(`after ${fed} inputs: ${String(error)}\nAgain: ${again}`, { cause: error });
  }
}

/** What was thrown, and where: the report of fast-check has the input alone. */
function describe(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
