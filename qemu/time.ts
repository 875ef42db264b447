import { BenchError } from "./problem.ts";

/**
 * The promise, or a {@link BenchError} after so many seconds. The work itself is not stopped by this: who
 * started it ends it.
 */
export async function within<T>(work: Promise<T>, seconds: number, doing: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new BenchError({
          doing,
          on: "this host",
          found: `not done after ${seconds} s`,
          remedy: "see whether the host is overloaded, or look into the transcripts in out/bench",
        }),
      );
    }, seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Asks again and again until there is an answer.
 *
 * @returns the first answer that is not `undefined`; `undefined` after so many seconds without one
 */
export async function poll<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  seconds: number,
  everyMilliseconds = 25,
): Promise<T | undefined> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() >= end) return undefined;
    await Bun.sleep(everyMilliseconds);
  }
}
