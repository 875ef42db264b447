import { printable } from "../errors.ts";
import { APPEARS } from "./plan-text.ts";
import type { PlanDocument } from "./schema.ts";

/**
 * A document that an earlier run wrote, a report as well as a plan: checked as far as it is used, so that a file of
 * another kind is refused by the place where it differs.
 *
 * @throws Error
 */
export function readDocument(document: unknown): PlanDocument {
  const { schema, sources, entries, ops, problems } = checkTexts(
    document,
    "the document",
    [],
    ["node", "image"],
  );
  if (schema !== 1) throw new Error(`its schema is ${shown(schema)}, 1 was wanted`);
  for (const [at, source] of asArray(sources, "sources").entries()) checkSource(source, `sources[${at}]`);
  for (const [at, entry] of asArray(entries, "entries").entries()) checkEntry(entry, `entries[${at}]`);
  for (const [at, op] of asArray(ops, "ops").entries()) {
    const where = `ops[${at}]`;
    const { row } = checkTexts(op, where, ["op", "kind"]);
    checkTexts(row, `${where}.row`, ["options", "path"]);
  }
  for (const [at, problem] of asArray(problems, "problems").entries()) {
    const where = `problems[${at}]`;
    const { row } = checkTexts(problem, where, ["class", "code", "doing", "on", "found", "remedy"]);
    if (row !== undefined) checkTexts(row, `${where}.row`, ["options", "path"]);
  }
  return document as PlanDocument;
}

function checkSource(source: unknown, where: string): void {
  const { origin } = checkTexts(source, where, ["name", "location"], ["lookedAt", "unavailable"]);
  checkOrigin(origin, `${where}.origin`);
}

function checkEntry(entry: unknown, where: string): void {
  const { placement, winners, candidates, origin } = checkTexts(
    entry,
    where,
    ["path", "options", "placement"],
    ["at", "content"],
  );
  if (typeof placement !== "string" || !Object.hasOwn(APPEARS, placement))
    throw new Error(
      `${where}.placement is ${shown(placement)}, one of ${Object.keys(APPEARS).join(", ")} was wanted`,
    );
  for (const [at, winner] of asArray(winners, `${where}.winners`).entries())
    if (typeof winner !== "string") throw new Error(`${where}.winners[${at}] is no text`);
  for (const [at, candidate] of asArray(candidates, `${where}.candidates`).entries())
    checkTexts(candidate, `${where}.candidates[${at}]`, ["name", "location"], ["found", "passedOver"]);
  checkOrigin(origin, `${where}.origin`);
}

/** Where a row stands; absent where the tables were not at hand. */
function checkOrigin(origin: unknown, where: string): void {
  if (origin === undefined) return;
  const { insteadOf } = checkTexts(origin, where, ["place", "image"]);
  for (const [at, place] of asArray(insteadOf, `${where}.insteadOf`).entries())
    checkTexts(place, `${where}.insteadOf[${at}]`, ["place", "image"]);
}

/** @param optional may be absent, but nothing else */
function checkTexts(
  value: unknown,
  where: string,
  names: readonly string[],
  optional: readonly string[] = [],
): Record<string, unknown> {
  const record = asRecord(value, where);
  const given = optional.filter((name) => record[name] !== undefined);
  for (const name of [...names, ...given])
    if (typeof record[name] !== "string")
      throw new Error(`${where}.${name} is ${shown(record[name])}, a text was wanted`);
  return record;
}

function asRecord(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Error(`${where} is ${shown(value)}, an object was wanted`);
}

function asArray(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${where} is ${shown(value)}, a list was wanted`);
}

function shown(value: unknown): string {
  return printable((JSON.stringify(value) ?? "not there").slice(0, 60));
}
