/** What a JSON document has to be, put together from small parts; every part says at which path it is not met. */

/** All that is wrong with a document; only the first of them with their words. */
export class Faults {
  readonly #said: string[] = [];
  #count = 0;

  /** @param at a path such as `litefile[3].options`; empty for the document itself */
  add(at: string, value: unknown, wanted: string): undefined {
    this.#count++;
    if (this.#said.length < 5)
      this.#said.push(`${at || "the document"} is ${describe(value)}, not ${wanted}`);
  }

  get none(): boolean {
    return this.#count === 0;
  }

  toString(): string {
    const more = this.#count - this.#said.length;
    return `${this.#said.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
  }
}

/** Gives back what a value is, or adds to the faults. */
export type Shape<T> = (value: unknown, at: string, faults: Faults) => T | undefined;

type Shapes<T> = { readonly [K in keyof T]: Shape<T[K]> };

/** A string of `least` to `most` UTF-16 units that matches. */
export function text({ least = 0, most, pattern }: { least?: number; most: number; pattern?: RegExp }) {
  const wanted = `a string of ${least} to ${most} characters${pattern === undefined ? "" : ` like ${pattern.source}`}`;
  const shape: Shape<string> = (value, at, faults) => {
    const fits = typeof value === "string" && value.length >= least && value.length <= most;
    if (!fits || pattern?.test(value) === false) return faults.add(at, value, wanted);
    return value;
  };
  return shape;
}

export function literal<const T extends number | string>(only: T): Shape<T> {
  return (value, at, faults) => (value === only ? only : faults.add(at, value, JSON.stringify(only)));
}

export function list<T>(
  item: Shape<T>,
  { least = 0, most }: { least?: number; most: number },
): Shape<readonly T[]> {
  return (value, at, faults) => {
    if (!Array.isArray(value) || value.length < least || value.length > most)
      return faults.add(at, value, `a list of ${least} to ${most}`);
    const items = value.map((element: unknown, index) => item(element, `${at}[${index}]`, faults));
    return items.filter((element) => element !== undefined);
  };
}

/** An object with these members; what else it has is passed over. */
export function record<R extends object, O extends object = object>(
  required: Shapes<R>,
  optional?: Shapes<O>,
): Shape<R & Partial<O>> {
  return (value, at, faults) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return faults.add(at, value, "an object");
    const known = new Map<string, unknown>(Object.entries(value));
    const members: Record<string, unknown> = {};
    for (const [needed, shapes] of [
      [true, required],
      [false, optional ?? {}],
    ] as const) {
      for (const [name, shape] of Object.entries<Shape<unknown>>(shapes)) {
        if (!needed && !known.has(name)) continue;
        members[name] = shape(known.get(name), at === "" ? name : `${at}.${name}`, faults);
      }
    }
    // Each member is what its shape gave back; where one gave nothing there is a fault.
    return members as R & Partial<O>;
  };
}

function describe(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value === null || typeof value === "object") return value === null ? "null" : "an object";
  if (typeof value === "string" && value.length > 60) return `a string of ${value.length} characters`;
  return JSON.stringify(value);
}
