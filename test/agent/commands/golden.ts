import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a command once printed, and was found right. */
export function golden(name: string): string {
  return readFileSync(join(import.meta.dirname, "golden", name), "utf8");
}
