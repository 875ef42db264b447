import { Resolver } from "node:dns/promises";

/** A slow name server must not hold up the nodes that are waiting: 2 s in all. */
const timeoutMilliseconds = 2000;
const keepMilliseconds = 60_000;
const keepFailureMilliseconds = 5000;
const maxKept = 200_000;

/** Reverse names by DNS, remembered for a minute; none where there is no answer in time. */
export class ReverseDns {
  readonly #resolver = new Resolver({ timeout: timeoutMilliseconds, tries: 1 });
  readonly #kept = new Map<string, { readonly until: number; readonly names: Promise<readonly string[]> }>();

  namesOf(address: string): Promise<readonly string[]> {
    const now = performance.now();
    const known = this.#kept.get(address);
    if (known !== undefined && known.until > now) return known.names;
    if (this.#kept.size >= maxKept) this.#kept.clear();
    const names = this.#ask(address);
    this.#kept.set(address, { until: now + keepMilliseconds, names });
    return names;
  }

  async #ask(address: string): Promise<readonly string[]> {
    let timer: Timer | undefined;
    const late = new Promise<readonly string[]>((resolve) => {
      timer = setTimeout(() => resolve([]), timeoutMilliseconds);
    });
    const answer = this.#resolver.reverse(address).catch(() => []);
    const names = await Promise.race([answer, late]);
    clearTimeout(timer);
    if (names.length === 0) {
      // Without a name the node gets the usage text and asks again: look again soon.
      const entry = this.#kept.get(address);
      if (entry !== undefined)
        this.#kept.set(address, { names: entry.names, until: performance.now() + keepFailureMilliseconds });
    }
    return names;
  }
}
