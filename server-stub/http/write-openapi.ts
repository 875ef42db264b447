import { join } from "node:path";
import { openApi } from "./openapi.ts";

/** openapi.json anew, after a schema or an answer was changed; `npx biome check --write server-stub/http` gives it its form. */
await Bun.write(join(import.meta.dirname, "openapi.json"), `${JSON.stringify(openApi, null, 2)}\n`);
