import { type FailureKind, QueryFailure } from "./failure.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { unknownNode } from "./refusal.ts";

/** Longer than this no server has a node wait: it asks again by itself. */
const LONGEST_WAIT = 30_000;

/** Why an answer is no document; nothing where its status says that it is one. */
export function describeStatus(answer: HttpAnswer): QueryFailure | undefined {
  const { status, headers } = answer;
  if (status === 200) return undefined;
  const { detail, type } = problemOf(answer);
  const said = detail === "" ? `the server answers with status ${status}` : `the server says: "${detail}"`;
  if (status >= 300 && status < 400) {
    const to = (headers.get("location") ?? "nowhere").slice(0, 200);
    return new QueryFailure(
      "protocol",
      `the server redirects to ${to}, which is not followed`,
      "write the right address in XCAT=",
    );
  }
  if (status === 503 || status === 429 || status === 502 || status === 504) {
    const wait = retryAfter(headers);
    const remedy = "see how busy the server is; nodes come again by themselves";
    return new QueryFailure("busy", said, remedy, wait === undefined ? {} : { wait });
  }
  const [kind, remedy] = meaningOf(status, type);
  return new QueryFailure(kind, said, remedy);
}

function meaningOf(status: number, type: string): readonly [FailureKind, string] {
  if (type === "unknown-node") return ["unknown-node", unknownNode().remedy];
  if (type === "other-node")
    return ["other-node", "correct the reverse name of this node's address (makehosts, makedns), or NODE="];
  if (type === "no-image")
    return [
      "no-image",
      "run nodeset NODE osimage=IMAGE on the server, or set os, arch and profile in nodetype",
    ];
  if (type === "certificate")
    return [
      "refused",
      "build the initrd with a --client-cert that the server's --ca signed and that has not expired, or without one",
    ];
  if (status === 401)
    return ["refused", "see that the token in the initrd is the one in the server's --tokens file"];
  if (status === 403)
    return ["refused", "add rules to the policy table on the server that allow litefile and litetree"];
  if (status === 404)
    return ["error-reply", "see that the address in XCAT= is that of statelite-server --http, path and all"];
  return ["error-reply", "see what statelite-server says, or what stands before it"];
}

/** What RFC 9457 gives a person, and this project's word for the kind; empty where the answer is something else. */
function problemOf({ headers, body }: HttpAnswer): { readonly detail: string; readonly type: string } {
  const nothing = { detail: "", type: "" };
  if (!headers.get("content-type")?.startsWith("application/problem+json")) return nothing;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body.subarray(0, 16 * 1024)));
    if (typeof value !== "object" || value === null) return nothing;
    const members = new Map<string, unknown>(Object.entries(value));
    const word = (name: string) => {
      const found = members.get(name);
      return typeof found === "string" ? found.slice(0, 500) : "";
    };
    return { detail: word("detail"), type: word("type").replace(/^urn:statelite:problem:/, "") };
  } catch {
    return nothing; // The status alone has to do.
  }
}

/** Milliseconds; a date counts from the server's own, as the node's clock may be wrong (RFC 9110 section 10.2.3). */
export function retryAfter(headers: ReadonlyMap<string, string>): number | undefined {
  const value = headers.get("retry-after") ?? "";
  const milliseconds = /^\d{1,9}$/.test(value)
    ? Number(value) * 1000
    : Date.parse(value) - Date.parse(headers.get("date") ?? "");
  return Number.isNaN(milliseconds) ? undefined : Math.min(LONGEST_WAIT, Math.max(0, milliseconds));
}
