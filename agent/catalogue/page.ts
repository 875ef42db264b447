import { CHAPTERS } from "./catalogue.ts";
import type { CatalogueEntry } from "./entry.ts";

/** Every message, by chapter, as Markdown without a newline at its end. */
export function formatCatalogue(): string {
  return CHAPTERS.map(({ title, entries }) =>
    [`### ${title}`, "", "| code | meaning | cause | remedy |", "|---|---|---|---|", ...rows(entries)].join(
      "\n",
    ),
  ).join("\n\n");
}

function rows(entries: Readonly<Record<string, CatalogueEntry>>): string[] {
  return Object.entries(entries).map(
    ([code, { meaning, cause, remedy }]) => `| \`${code}\` | ${meaning} | ${cause} | ${remedy} |`,
  );
}

const SECTION = /(?<=<!-- messages:[^\n]*-->\n)[\s\S]*?(?=\n<!-- \/messages -->)/;

/** The page with the messages as the code has them now. @throws Error where it has no place for them */
export function withCatalogue(page: string): string {
  if (!SECTION.test(page)) throw new Error("the page has no section <!-- messages: … -->");
  return page.replace(SECTION, () => formatCatalogue());
}
