import { join } from "node:path";
import { jsonSchemas } from "./schema.ts";

/** The JSON Schema files anew, after schema.ts was changed; `npx biome check --write agent/report` gives them their form. */
for (const [name, schema] of Object.entries(jsonSchemas))
  await Bun.write(join(import.meta.dirname, name), `${JSON.stringify(schema, null, 2)}\n`);
