import { Resolver as ServerResolver } from "node:dns/promises";
import { errorCode } from "../kernel/errno.ts";

/**
 * One question to one DNS server. Of Bun's `node:dns` (1.4, c-ares) `setServers`, `tries` and `cancel` do what they
 * say; `timeout` is rounded up to whole seconds, so that `cancel` keeps the time here. `reverse()` is not used: it
 * reads /etc/hosts, and gives a server that is silent as "not found".
 */

export type Question = "A" | "AAAA" | "PTR";

export type Answer =
  | { readonly kind: "found"; readonly values: readonly string[] }
  /** The server says there is nothing by that name: Bun does not tell NXDOMAIN from an empty answer. */
  | { readonly kind: "absent" }
  /** `again`: asking later may help. */
  | { readonly kind: "failed"; readonly why: string; readonly again: boolean };

/** What the error codes of c-ares mean. Codes that are not here are told as they are, and are final. */
const FAILURES: Readonly<Record<string, Answer>> = {
  ENOTFOUND: { kind: "absent" },
  ENODATA: { kind: "absent" },
  ENONAME: { kind: "absent" },
  ECANCELLED: { kind: "failed", why: "no answer", again: true },
  ETIMEOUT: { kind: "failed", why: "no answer", again: true },
  ECONNREFUSED: { kind: "failed", why: "cannot be reached", again: true },
  ESERVFAIL: { kind: "failed", why: "server failure (SERVFAIL)", again: true },
  EREFUSED: { kind: "failed", why: "refuses to answer (REFUSED)", again: false },
  EBADRESP: { kind: "failed", why: "its answer is damaged", again: false },
  EFORMERR: { kind: "failed", why: "does not understand the question (FORMERR)", again: false },
  ENOTIMP: { kind: "failed", why: "answers no such questions (NOTIMP)", again: false },
};

/** More than any host has. */
const MAX_VALUES = 32;

/** `server`: an address, or `address:port`. Never rejects. */
export async function askServer(
  server: string,
  question: Question,
  name: string,
  milliseconds: number,
): Promise<Answer> {
  const resolver = new ServerResolver({ timeout: Math.max(1, Math.ceil(milliseconds)), tries: 1 });
  const timer = setTimeout(() => resolver.cancel(), milliseconds);
  try {
    resolver.setServers([server]);
    const values = await send(resolver, question, name);
    return values.length === 0 ? { kind: "absent" } : { kind: "found", values: values.slice(0, MAX_VALUES) };
  } catch (error) {
    const code = errorCode(error) ?? String(error);
    return FAILURES[code] ?? { kind: "failed", why: code, again: false };
  } finally {
    clearTimeout(timer);
  }
}

function send(resolver: ServerResolver, question: Question, name: string): Promise<string[]> {
  switch (question) {
    case "A":
      return resolver.resolve4(name);
    case "AAAA":
      return resolver.resolve6(name);
    case "PTR":
      return resolver.resolvePtr(name);
  }
}

/** How much longer than the IPv4 addresses the IPv6 addresses may take: some servers swallow that question. */
const AAAA_PATIENCE = 100;

/** All addresses of a name, IPv4 first. Never rejects. */
export async function askAddresses(server: string, name: string, milliseconds: number): Promise<Answer> {
  const sixth = askServer(server, "AAAA", name, milliseconds);
  const four = await askServer(server, "A", name, milliseconds);
  if (four.kind !== "found") {
    const six = await sixth;
    return six.kind === "found" || four.kind === "absent" ? six : four;
  }
  // Left alone, the question ends by itself within its time.
  const six = await Promise.race([sixth, Bun.sleep(AAAA_PATIENCE)]);
  return six?.kind === "found" ? { kind: "found", values: [...four.values, ...six.values] } : four;
}
