import { reportSchema } from "../../agent/report/schema.ts";
import { type HttpAnswer, json, problem, validated } from "./answer.ts";
import { findAsker, nodeFor } from "./asker.ts";
import type { HttpContext, HttpRequest } from "./context.ts";

/** The same as an agent takes of a document: a report says more about the same rows. */
export const REPORT_BYTES = 16 * 1024 * 1024;

/** The policy table's word for reading reports of others. */
const COMMAND = "report";

/** Keeps what the agent says of a boot of its own node. */
export async function takeReport(request: HttpRequest, context: HttpContext): Promise<HttpAnswer> {
  const found = await nodeOf(request, context, undefined);
  if ("status" in found) return found;
  const { node, store } = found;
  const refused = refuseBody(request);
  if (refused !== undefined) return refused;
  const text = new TextDecoder().decode(await request.body());
  const wrong = findFaults(text, node);
  if (wrong !== undefined) return wrong;
  const { name, again } = await store.keep(node, text);
  return json(JSON.stringify({ kept: name }), { "Cache-Control": "no-store" }, again ? 200 : 201);
}

/** The last report of a node. */
export async function lastReport(request: HttpRequest, context: HttpContext): Promise<HttpAnswer> {
  const found = await nodeOf(request, context, [COMMAND]);
  if ("status" in found) return found;
  const text = await found.store.last(found.node);
  if (text !== undefined) return validated(text, undefined, request.headers.get("if-none-match"));
  return problem(404, "not-found", `there is no report of ${found.node} yet`);
}

/** @param others what policy has to allow for another node's; absent: nobody may */
async function nodeOf(
  request: HttpRequest,
  { tables, names, tokens, reports }: HttpContext,
  others: readonly string[] | undefined,
) {
  if (reports === undefined) return problem(404, "not-found", "this server keeps no reports");
  const set = tables.current();
  const asker = await findAsker(set, request.credentials, names, tokens);
  if ("status" in asker) return asker;
  const found = nodeFor(set, asker, request.path["node"] ?? "", { own: [], others });
  return "status" in found ? found : { ...found, store: reports };
}

/** Before any of it is read. */
function refuseBody({ headers, contentLength }: HttpRequest): HttpAnswer | undefined {
  const type = headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json" || headers.has("content-encoding"))
    return problem(415, "media-type", "a report is application/json, not packed", {
      Accept: "application/json",
    });
  if (contentLength <= REPORT_BYTES) return undefined;
  return problem(413, "too-large", `a report has at most ${REPORT_BYTES} bytes, not ${contentLength}`);
}

function findFaults(text: string, node: string): HttpAnswer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return problem(400, "bad-request", "the body is no JSON text");
  }
  const parsed = reportSchema.safeParse(value);
  if (!parsed.success) {
    const errors = parsed.error.issues
      .slice(0, 10)
      .map(({ path, message }) => ({ path: path.join("."), message }));
    return problem(422, "invalid-report", "this is no report of an agent", {}, { errors });
  }
  const named = parsed.data.node?.split(".", 1)[0];
  if (named === undefined || named === node.split(".", 1)[0]) return undefined;
  return problem(422, "invalid-report", `this is a report of ${named}, not of ${node}`);
}
