import { type BootError, fatal, printable } from "../errors.ts";
import { isDomainName, literalAddress, reverseName } from "./addresses.ts";
import { type Answer, askAddresses, askServer } from "./dns.ts";
import type { NetworkLog } from "./system.ts";

export interface ResolverOptions {
  /** Addresses, or `address:port`; asked in this order. */
  readonly nameservers: readonly string[];
  /** Domains that are put behind a name. */
  readonly search: readonly string[];
  /** Seconds for one name, all servers and repetitions together (`statelite.dns_timeout`). */
  readonly timeout: number;
  readonly log?: NetworkLog;
}

/** How long one server has for one question before the next is asked, and the pause after a round that failed at once. */
const TURN = 2000;
const PAUSE = 500;

/**
 * Names to addresses and back, by the DNS servers that DHCP or the command line gave, and by nothing else:
 * /etc/hosts and /etc/resolv.conf of the initramfs are not read. See {@link askServer} for what Bun does below.
 */
export class Resolver {
  readonly #options: ResolverOptions;
  /** Servers that kept us waiting; from then on the others are asked first. */
  readonly #slow = new Set<string>();

  constructor(options: ResolverOptions) {
    this.#options = options;
  }

  /**
   * The addresses of a host, IPv4 first, at least one. An address is returned as it is, without brackets.
   * @throws BootError `dns-lookup` that names the servers asked and what each said.
   */
  async lookup(name: string): Promise<string[]> {
    const literal = literalAddress(name);
    if (literal !== undefined) return [literal.address];
    if (!isDomainName(name.replace(/\.$/, ""))) throw notAName(name);
    const names = searchNames(name, this.#options.search);
    const found = await this.#ask(names, askAddresses);
    if (found.kind === "found") return [...found.values];
    throw this.#failure(name, names, found.said);
  }

  /** The host name of an address, without the final dot; undefined where DNS has none or does not answer. */
  async reverse(address: string): Promise<string | undefined> {
    const name = reverseName(address);
    if (name === undefined) return undefined;
    const found = await this.#ask([name], (server, n, time) => askServer(server, "PTR", n, time));
    if (found.kind === "found") {
      const [host = ""] = found.values.map((value) => value.replace(/\.$/, "")).filter(isDomainName);
      return host === "" ? undefined : host;
    }
    const { nameservers, log } = this.#options;
    log?.detail(`network: no name for ${address}: ${heard(nameservers, found.said)}`);
    return undefined;
  }

  /**
   * Each name in turn until one is found, round after round while one of them may yet be; `said` has what each server
   * said, in order, once. A name that no server has an answer for holds up no other: a cluster without a way out
   * often has a domain in its search list that its servers cannot ask anybody about.
   */
  async #ask(names: readonly string[], ask: Ask): Promise<Found | { kind: "nothing"; said: Said }> {
    const end = performance.now() + this.#options.timeout * 1000;
    const said: Said = new Map();
    for (let open = names; ; ) {
      const again: string[] = [];
      for (const name of open) {
        const answer = await this.#askServers(name, ask, end, said);
        if (answer === "again") again.push(name);
        else if (answer !== "never") return answer;
      }
      const left = end - performance.now();
      if (again.length === 0 || left <= 0) return { kind: "nothing", said };
      open = again;
      await Bun.sleep(Math.min(PAUSE, left));
    }
  }

  /**
   * One name, to every server in turn. What the first server that answers says is final, as all servers are taken
   * to know the same names (resolv.conf(5)).
   */
  async #askServers(name: string, ask: Ask, end: number, said: Said): Promise<Found | "again" | "never"> {
    let again = false;
    for (const server of this.#servers()) {
      const left = end - performance.now();
      if (left <= 0) return "never";
      const answer = await ask(server, name, Math.min(TURN, left));
      if (answer.kind === "found") return answer;
      const words = answer.kind === "absent" ? "no such name (NXDOMAIN)" : answer.why;
      said.set(server, (said.get(server) ?? new Set()).add(words));
      if (answer.kind === "absent") return "never";
      if (answer.again) this.#slow.add(server);
      again ||= answer.again;
    }
    return again ? "again" : "never";
  }

  #servers(): readonly string[] {
    const { nameservers } = this.#options;
    const slow = (server: string): boolean => this.#slow.has(server);
    return [...nameservers.filter((server) => !slow(server)), ...nameservers.filter(slow)];
  }

  #failure(name: string, names: readonly string[], said: Said): BootError {
    const { nameservers, timeout } = this.#options;
    if (nameservers.length === 0) {
      return fatal("dns-lookup", {
        doing: "look up a host name",
        on: name,
        found: "no DNS server is known: neither DHCP nor the command line gave one",
        remedy:
          "set the option domain-name-servers in DHCP, add nameserver=, or write an address for the name",
      });
    }
    return fatal("dns-lookup", {
      doing: "look up a host name",
      on: names.length > 1 ? `${name} (as ${names.join(", ")})` : name,
      found: heard(nameservers, said),
      remedy: `add the name to DNS (makedns), correct the DNS servers that DHCP gives, or write an address for it; statelite.dns_timeout= gives it more than ${timeout} s`,
    });
  }
}

type Ask = (server: string, name: string, milliseconds: number) => Promise<Answer>;
type Found = Extract<Answer, { kind: "found" }>;

/** By server. */
type Said = Map<string, Set<string>>;

function heard(nameservers: readonly string[], said: Said): string {
  if (nameservers.length === 0) return "no DNS server is known";
  return nameservers.map((s) => `${s}: ${[...(said.get(s) ?? ["not asked"])].join(", then ")}`).join("; ");
}

function notAName(name: string): BootError {
  return fatal("dns-lookup", {
    doing: "look up a host name",
    on: printable(name.slice(0, 260)),
    found: "this is neither an address nor a host name",
    remedy: "correct the server's name where it was written",
  });
}

/**
 * What is asked for, in order, as resolv.conf(5) has it with `ndots:1`: a name with a dot in it first as it is,
 * one without first with each domain behind it. A final dot means: only as it is.
 */
export function searchNames(name: string, search: readonly string[]): readonly string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const searched = search.map((domain) => `${name}.${domain}`).filter(isDomainName);
  return [...new Set(name.includes(".") ? [name, ...searched] : [...searched, name])];
}
