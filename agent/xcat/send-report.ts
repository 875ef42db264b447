import type { ServerAddress } from "../cmdline/options.ts";
import { withDeadline } from "../concurrency.ts";
import { urlOf } from "./ask-json.ts";
import { DOCUMENT_LIMITS } from "./document-limits.ts";
import { requestHttp } from "./http.ts";
import { describeStatus } from "./http-status.ts";
import { endpointsOf, type Lookup } from "./rounds.ts";
import type { Trust } from "./trust.ts";

/** Where reports go: to the first server of the JSON protocol that takes them. */
export interface ReportTarget {
  readonly servers: readonly ServerAddress[];
  readonly trust: Trust;
  readonly node?: string;
  /** Keeps a time limit of its own, may fail. */
  resolve: Lookup;
}

/** What became of a report: the server that has it, those that keep none, and why others have not. */
export interface Sent {
  readonly to?: string;
  readonly without: readonly string[];
  readonly failures: readonly string[];
}

/**
 * Sends a report, once to each server until one takes it. Never rejects.
 *
 * @param within milliseconds for all of it; a server that says nothing leaves the others their share
 */
export async function sendReport(text: string, target: ReportTarget, within: number): Promise<Sent> {
  const urls = target.servers.flatMap((server) => (server.protocol === "json" ? [server] : []));
  const end = performance.now() + within;
  const without: string[] = [];
  const failures: string[] = [];
  for (const [index, server] of urls.entries()) {
    const share = Math.max(1, (end - performance.now()) / (urls.length - index));
    try {
      if (await sendTo(server, text, target, share)) return { to: server.url, without, failures };
      without.push(server.url);
    } catch (error) {
      failures.push(`${server.url}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { without, failures };
}

/** Whether the server keeps reports; where it does, it has this one. */
async function sendTo(
  server: ServerAddress & { readonly protocol: "json" },
  body: string,
  { node, trust, resolve }: ReportTarget,
  within: number,
): Promise<boolean> {
  if (Buffer.byteLength(body) > DOCUMENT_LIMITS.bytes)
    throw new Error(`the report is larger than ${DOCUMENT_LIMITS.bytes} bytes`);
  const began = performance.now();
  const [endpoint] = await withDeadline(endpointsOf(server, resolve), within, "look for its address");
  if (endpoint === undefined) throw new Error("it has no address");
  const left = Math.max(1, within - (performance.now() - began));
  const times = { connect: left, silence: left, total: left };
  const url = urlOf(server.url, node, "report");
  const { answer } = await requestHttp({ endpoint, url, trust, times, body });
  if (answer.status === 404) return false;
  if (answer.status === 200 || answer.status === 201 || answer.status === 204) return true;
  throw describeStatus(answer) ?? new Error(`status ${answer.status}`);
}
