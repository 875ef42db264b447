import { BOOT } from "./boot.ts";
import { DISK } from "./disk.ts";
import type { CatalogueEntry } from "./entry.ts";
import { MOUNTS } from "./mounts.ts";
import { NETWORK } from "./network.ts";
import { ROWS } from "./rows.ts";
import { SERVER } from "./server.ts";
import { TABLES } from "./tables.ts";
import { TOOLS } from "./tools.ts";

/**
 * Every problem that this project can report, by its code: a code that is not here does not compile. The page
 * for administrators is made of it (`page.ts`); at run time the agent has no need of it, so it takes types alone.
 */
export const CATALOGUE = {
  ...BOOT,
  ...NETWORK,
  ...MOUNTS,
  ...SERVER,
  ...ROWS,
  ...DISK,
  ...TABLES,
  ...TOOLS,
} as const satisfies Readonly<Record<string, CatalogueEntry>>;

/** The stable word of a problem. */
export type ProblemCode = keyof typeof CATALOGUE;

/** The chapters in the order in which a boot, and then everybody else, meets them. */
export const CHAPTERS = [
  { title: "The boot as a whole", entries: BOOT },
  { title: "Network and names", entries: NETWORK },
  { title: "Image, state and sources", entries: MOUNTS },
  { title: "The answer of the server", entries: SERVER },
  { title: "Rows of litefile and litetree", entries: ROWS },
  { title: "The local disk", entries: DISK },
  { title: "Tables read without a server", entries: TABLES },
  { title: "The builder, liteimg and the server", entries: TOOLS },
] as const;
