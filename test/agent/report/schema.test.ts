import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { jsonSchemas } from "../../../agent/report/schema.ts";

const folder = join(import.meta.dirname, "../../../agent/report");

describe("the JSON Schema files are those of schema.ts; otherwise run bun agent/report/write-schemas.ts", () => {
  test.each(Object.entries(jsonSchemas))("%s", (name, schema) => {
    expect(JSON.parse(readFileSync(join(folder, name), "utf8"))).toEqual(JSON.parse(JSON.stringify(schema)));
  });
});
