import { isIP } from "node:net";
import { ipv6Groups } from "../../agent/network/addresses.ts";
import { FollowedFile } from "../followed-file.ts";
import type { ServerLog } from "../log.ts";

/** Names by address, canonical name first, as hosts(5) has them; several lines of one address add up. */
export function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*/s, "").trim().split(/\s+/);
    const key = canonicalAddress(address);
    if (key === undefined || names.length === 0) continue;
    hosts.set(key, [...(hosts.get(key) ?? []), ...names]);
  }
  return hosts;
}

/** One spelling for each address: IPv4 in IPv6 as IPv4, IPv6 compressed; undefined for what is none. */
export function canonicalAddress(text: string): string | undefined {
  const plain = text.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
  switch (isIP(plain)) {
    case 4:
      return plain;
    case 6: {
      // In full: Bun's URL (1.4) does not take every spelling that node:net does, "::0:0:0:0:0.0.0.0" for one.
      const groups = ipv6Groups(plain)?.map((group) => group.toString(16)) ?? [];
      return new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1);
    }
    default:
      return undefined;
  }
}

/** A hosts file that is read again when it changes. */
export class HostsFile {
  readonly #file: FollowedFile<ReadonlyMap<string, readonly string[]>>;

  private constructor(file: FollowedFile<ReadonlyMap<string, readonly string[]>>) {
    this.#file = file;
  }

  /** @throws where the file cannot be read at the start */
  static async open(path: string, log: ServerLog): Promise<HostsFile> {
    return new HostsFile(await FollowedFile.open(path, "hosts", parseHosts, log));
  }

  /** The names of an address in canonical form, none where the file does not have it. */
  async namesOf(address: string): Promise<readonly string[]> {
    return (await this.#file.current()).get(address) ?? [];
  }
}
