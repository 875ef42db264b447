import { type HttpAnswer, problem } from "./answer.ts";
import { tellBoot } from "./boot.ts";
import type { Handler, Work } from "./context.ts";
import { tellHealth } from "./health.ts";
import { lastReport, takeReport } from "./report.ts";

interface Route {
  /** As the OpenAPI document has it: `/v1/nodes/{node}/boot`. */
  readonly path: string;
  /** HEAD comes with GET. */
  readonly methods: Readonly<Partial<Record<"GET" | "POST", Handler>>>;
  /** Work of which only so much is done at the same time. */
  readonly work?: Work;
}

/** Everything that can be asked for. */
export const routes: readonly Route[] = [
  { path: "/healthz", methods: { GET: tellHealth } },
  { path: "/v1/nodes/{node}/boot", methods: { GET: tellBoot }, work: "boot" },
  { path: "/v1/nodes/{node}/report", methods: { GET: lastReport, POST: takeReport }, work: "report" },
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
    if (handler !== undefined) return { handler, path: parts, ...(route.work && { work: route.work }) };
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
