import type { TableSet } from "../../agent/rows/table.ts";

/** Remembers what follows from a set of tables for as long as that set is in use. */
export function perSet<T>(compute: (set: TableSet) => T): (set: TableSet) => T {
  const known = new WeakMap<TableSet, { readonly value: T }>();
  return (set) => {
    let entry = known.get(set);
    if (entry === undefined) {
      entry = { value: compute(set) };
      known.set(set, entry);
    }
    return entry.value;
  };
}
