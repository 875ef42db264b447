import { type HttpAnswer, json } from "./answer.ts";
import type { HttpContext, HttpRequest } from "./context.ts";

/** Whether the server is there; for everybody, however much is being worked on. */
export async function tellHealth(_request: HttpRequest, { tables, gates }: HttpContext): Promise<HttpAnswer> {
  const body = { status: "ok", tables: tables.description, working: gates.boot.inside + gates.report.inside };
  return json(JSON.stringify(body), { "Cache-Control": "no-store" });
}
