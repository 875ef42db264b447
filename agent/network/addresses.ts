import { isIP, isIPv4, isIPv6 } from "node:net";

/** Addresses and names as text, checked: everything that DHCP says goes through here. Pure. */

/** 32 bits as an unsigned number; undefined where the text is no dotted quad. */
export function ipv4Number(text: string): number | undefined {
  if (!isIPv4(text)) return undefined;
  return text.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

/** Whether a node may have this address: not `0.…`, loopback, multicast, reserved or broadcast (RFC 6890). */
export function isHostIpv4(text: string): boolean {
  const first = (ipv4Number(text) ?? 0) >>> 24;
  return first > 0 && first < 224 && first !== 127;
}

/** 24 for `255.255.255.0`; undefined where the ones are not all in front. */
export function prefixOfMask(mask: string): number | undefined {
  const number = ipv4Number(mask);
  if (number === undefined) return undefined;
  const zeros = 2 ** 32 - number;
  const bits = Math.log2(zeros);
  return Number.isInteger(bits) ? 32 - bits : undefined;
}

/** Whether both IPv4 addresses are in one network of this prefix length. */
export function sameIpv4Network(a: string, b: string, prefix: number): boolean {
  const size = 2 ** (32 - prefix);
  return Math.floor((ipv4Number(a) ?? -1) / size) === Math.floor((ipv4Number(b) ?? -2) / size);
}

/** The name under which DNS has the name of an address (RFC 1035 section 3.5, RFC 3596 section 2.5). */
export function reverseName(address: string): string | undefined {
  if (isIPv4(address)) return `${address.split(".").reverse().join(".")}.in-addr.arpa`;
  const groups = ipv6Groups(address);
  if (groups === undefined) return undefined;
  const digits = groups.map((group) => group.toString(16).padStart(4, "0")).join("");
  return `${[...digits].reverse().join(".")}.ip6.arpa`;
}

/** The eight groups of an IPv6 address; a zone (`%eth0`) is left out. */
export function ipv6Groups(address: string): readonly number[] | undefined {
  if (!isIPv6(address)) return undefined;
  const [text = ""] = address.split("%");
  // The last 32 bits may be a dotted quad.
  const quad = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const number = ipv4Number(quad?.[2] ?? "") ?? 0;
  const plain =
    quad === null ? text : `${quad[1]}${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}`;
  const [head = "", tail] = plain.split("::");
  const parse = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((g) => Number.parseInt(g, 16));
  const [front, back] = [parse(head), parse(tail ?? "")];
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
}

/** A host or domain name as RFC 1123 has it, and underscores, which DNS has too; no trailing dot. */
export function isDomainName(text: string): boolean {
  return (
    text.length <= 253 &&
    text.split(".").every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label))
  );
}

/** `aa:bb:cc:dd:ee:ff` in lower case, and the 20 octets of InfiniBand; undefined for anything else. */
export function normaliseMac(text: string): string | undefined {
  const mac = text.toLowerCase().replaceAll("-", ":");
  return /^([0-9a-f]{2}:){5}([0-9a-f]{2}|([0-9a-f]{2}:){14}[0-9a-f]{2})$/.test(mac) ? mac : undefined;
}

/** An address without brackets and its family; undefined where the text is no address but perhaps a name. */
export function literalAddress(
  text: string,
): { readonly address: string; readonly family: 4 | 6 } | undefined {
  const address = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  const family = isIP(address);
  return family === 4 || family === 6 ? { address, family } : undefined;
}
