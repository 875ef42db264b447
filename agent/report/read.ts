import { printable } from "../errors.ts";
import type { PlanDocument } from "./schema.ts";

/**
 * A document that an earlier run wrote, a report as well as a plan: checked as far as it is used, so that a file of
 * another kind is refused by the place where it differs.
 *
 * @throws Error
 */
export function readDocument(document: unknown): PlanDocument {
  const { schema, sources, entries, ops, problems } = asRecord(document, "the document");
  if (schema !== 1) throw new Error(`its schema is ${shown(schema)}, 1 was wanted`);
  for (const [at, source] of asArray(sources, "sources").entries())
    checkTexts(source, `sources[${at}]`, ["name", "location"]);
  for (const [at, entry] of asArray(entries, "entries").entries()) checkEntry(entry, `entries[${at}]`);
  for (const [at, op] of asArray(ops, "ops").entries()) {
    const where = `ops[${at}]`;
    const { row } = checkTexts(op, where, ["op", "kind"]);
    checkTexts(row, `${where}.row`, ["options", "path"]);
  }
  for (const [at, problem] of asArray(problems, "problems").entries())
    checkTexts(problem, `problems[${at}]`, ["class", "code", "doing", "on", "found", "remedy"]);
  return document as PlanDocument;
}

function checkEntry(entry: unknown, where: string): void {
  const { winners, candidates } = checkTexts(entry, where, ["path", "options", "placement"]);
  for (const [at, winner] of asArray(winners, `${where}.winners`).entries())
    if (typeof winner !== "string") throw new Error(`${where}.winners[${at}] is no text`);
  for (const [at, candidate] of asArray(candidates, `${where}.candidates`).entries())
    checkTexts(candidate, `${where}.candidates[${at}]`, ["name", "location"]);
}

function checkTexts(value: unknown, where: string, names: readonly string[]): Record<string, unknown> {
  const record = asRecord(value, where);
  for (const name of names)
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
