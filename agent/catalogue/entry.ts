/** What one kind of problem is, for the page that administrators read. Whole sentences, in Markdown. */
export interface CatalogueEntry {
  /** What a message with this code says has happened. */
  readonly meaning: string;
  /** What most often brings it about. */
  readonly cause: string;
  /** What to do; the message itself says it for the case at hand. */
  readonly remedy: string;
}

/** Codes that belong together. */
export type Chapter = Readonly<Record<string, CatalogueEntry>>;
