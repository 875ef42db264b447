import type { ServeContext } from "../serve/connection.ts";
import { type HttpAnswer, json, problem, validated } from "./answer.ts";
import { type Commands, type Credentials, findAsker, nodeFor } from "./asker.ts";
import { bootText } from "./boot.ts";
import type { Gate } from "./gate.ts";
import type { RequestHead } from "./head.ts";
import { lastReport, takeReport } from "./report.ts";
import type { ReportStore } from "./report-store.ts";
import type { Tokens } from "./tokens.ts";

/** What the HTTP side needs beside what xcatd's port needs. */
export interface HttpContext extends ServeContext {
  readonly tokens: Tokens;
  /** Bounds what is worked on at the same time. */
  readonly gate: Gate;
  /** Where reports of boots go; absent where they are not kept. */
  readonly reports?: ReportStore;
}

/** One request, as a route gets it. */
export interface HttpRequest extends Pick<RequestHead, "headers" | "contentLength"> {
  readonly credentials: Credentials;
  /** The parts of the path that the route has in braces, decoded. */
  readonly path: Readonly<Record<string, string>>;
  /** Reads the body, which nobody has done so far. @throws BadRequest */
  body(): Promise<Uint8Array>;
}

type Handler = (request: HttpRequest, context: HttpContext) => Promise<HttpAnswer>;

interface Route {
  /** As the OpenAPI document has it: `/v1/nodes/{node}/boot`. */
  readonly path: string;
  /** HEAD comes with GET. */
  readonly methods: Readonly<Partial<Record<"GET" | "POST", Handler>>>;
  /** Whether it is work, of which only so much is done at the same time. */
  readonly work: boolean;
}

/** Everything that can be asked for. */
export const routes: readonly Route[] = [
  { path: "/healthz", methods: { GET: health }, work: false },
  { path: "/v1/nodes/{node}/boot", methods: { GET: boot }, work: true },
  { path: "/v1/nodes/{node}/report", methods: { GET: lastReport, POST: takeReport }, work: true },
];

/** A handler, and what it has to know of the way to it. */
export interface Found extends Pick<Route, "work"> {
  readonly handler: Handler;
  readonly path: Readonly<Record<string, string>>;
}

/** What a path and a method lead to; an answer where that is nothing. */
export function findRoute(path: string, method: string): Found | HttpAnswer {
  for (const route of routes) {
    const parts = matchPath(route.path, path);
    if (parts === undefined) continue;
    const handler = handlerOf(route, method);
    if (handler !== undefined) return { handler, path: parts, work: route.work };
    const allow = Object.keys(route.methods).flatMap((name) => (name === "GET" ? ["GET", "HEAD"] : [name]));
    return problem(405, "method", `${method.slice(0, 20)} is not for ${route.path}`, {
      Allow: allow.join(", "),
    });
  }
  return problem(404, "not-found", "there is nothing of this name here");
}

/** A method is whatever a client says: also a name that every object has. */
function handlerOf({ methods }: Route, method: string): Handler | undefined {
  const name = method === "HEAD" ? "GET" : method;
  return Object.entries(methods).find(([known]) => known === name)?.[1];
}

function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (given.length !== wanted.length) return undefined;
  const parts: Record<string, string> = {};
  for (const [index, piece] of wanted.entries()) {
    const value = decode(given[index] ?? "");
    const [, name] = /^\{(\w+)\}$/.exec(piece) ?? [];
    if (value === undefined || (name === undefined && value !== piece)) return undefined;
    if (name !== undefined) parts[name] = value;
  }
  return parts;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // No UTF-8 after the percent signs: nothing here has such a name.
  }
}

async function health(_request: HttpRequest, { tables, gate }: HttpContext): Promise<HttpAnswer> {
  const body = { status: "ok", tables: tables.description, working: gate.inside };
  return json(JSON.stringify(body), { "Cache-Control": "no-store" });
}

/** All that a boot of the node has to be told. */
async function boot(request: HttpRequest, context: HttpContext): Promise<HttpAnswer> {
  const set = context.tables.current();
  const asker = await findAsker(set, request.credentials, context.names, context.tokens);
  if ("status" in asker) return asker;
  const found = nodeFor(set, asker, request.path["node"] ?? "", both(["litefile", "litetree"]));
  if ("status" in found) return found;
  const { node } = found;
  const mayPartition = !("status" in nodeFor(set, asker, node, both(["getpartition"])));
  const text = await bootText(set, node, context.runCommand, mayPartition);
  if (text !== undefined) return validated(text.own, text.shared, request.headers.get("if-none-match"));
  const detail = `${node} does not have os, arch, or profile defined in nodetype table`;
  return problem(409, "no-image", detail);
}

/** What is asked for another node takes the same commands as what a node asks for itself. */
function both(commands: readonly string[]): Commands {
  return { own: commands, others: commands };
}
