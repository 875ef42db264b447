import { csvStatusStore } from "./csv-store.ts";
import { sqliteStatusStore } from "./sqlite-store.ts";
import type { StatusStore } from "./status.ts";

/** What may stand before the colon of `--tables`, as in tables/open.ts. */
const stores: Readonly<Record<string, (place: string) => StatusStore>> = {
  csv: csvStatusStore,
  sqlite: sqliteStatusStore,
};

/** The store for what `--tables` names. */
export function openStatusStore(location: string): StatusStore {
  const [, prefix = "", place = ""] = /^(\w+):(.*)$/s.exec(location) ?? [];
  const open = Object.hasOwn(stores, prefix) ? stores[prefix] : undefined;
  return open === undefined ? csvStatusStore(location) : open(place);
}
