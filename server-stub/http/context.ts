import type { ServeContext } from "../serve/connection.ts";
import type { HttpAnswer } from "./answer.ts";
import type { Credentials } from "./asker.ts";
import type { Gate } from "./gate.ts";
import type { RequestHead } from "./head.ts";
import type { ReportStore } from "./report-store.ts";
import type { Tokens } from "./tokens.ts";

/**
 * What takes room. A report's body is waited for as long as a request may take, and may be large: whoever sends reports,
 * or only says so, keeps nobody from being told what to boot.
 */
export type Work = "boot" | "report";

/** What the HTTP side needs beside what xcatd's port needs. */
export interface HttpContext extends ServeContext {
  readonly tokens: Tokens;
  /** Bounds what is worked on at the same time. */
  readonly gates: Readonly<Record<Work, Gate>>;
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

/** Answers a request; what it throws is a mistake, but for BadRequest. */
export type Handler = (request: HttpRequest, context: HttpContext) => Promise<HttpAnswer>;
