/** What a reader made of an input: it gave something back, or refused with the error that it documents. */
export type Outcome<T, E> =
  | { readonly value: T; readonly refusal?: undefined }
  | { readonly value?: undefined; readonly refusal: E };

type Refusal<E> = abstract new (...args: never[]) => E;

/** @param refused the error that is documented; any other goes on, and is what fuzzing looks for */
export function outcomeOf<T, E extends Error>(run: () => T, refused: Refusal<E>): Outcome<T, E> {
  try {
    return { value: run() };
  } catch (error) {
    if (error instanceof refused) return { refusal: error };
    throw error;
  }
}

/** {@link outcomeOf} what takes its time. */
export async function outcomeOfAsync<T, E extends Error>(
  run: () => Promise<T>,
  refused: Refusal<E>,
): Promise<Outcome<T, E>> {
  try {
    return { value: await run() };
  } catch (error) {
    if (error instanceof refused) return { refusal: error };
    throw error;
  }
}
