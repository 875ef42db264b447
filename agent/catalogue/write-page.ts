import { join } from "node:path";
import { withCatalogue } from "./page.ts";

/** ADMINISTRATORS.md anew, after the catalogue was changed. */
const page = join(import.meta.dirname, "../../ADMINISTRATORS.md");
await Bun.write(page, withCatalogue(await Bun.file(page).text()));
