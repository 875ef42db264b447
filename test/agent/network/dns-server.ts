import { createSocket } from "node:dgram";

/** A DNS server on loopback that answers as a test wants it to (RFC 1035 section 4.1). */

/** What it says of a name: addresses, a response code, or nothing at all. */
export type Says = { readonly addresses: readonly string[] } | { readonly code: number } | "nothing";

export const SERVFAIL = { code: 2 } as const;
export const NXDOMAIN = { code: 3 } as const;
const TYPE_A = 1;

export interface DnsServer {
  /** `address:port`. */
  readonly at: string;
  close(): void;
}

/** @param answer by name and whether IPv4 addresses are asked for */
export async function dnsServer(answer: (name: string, ipv4: boolean) => Says): Promise<DnsServer> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const { name, type, end } = questionOf(query);
    const says = answer(name, type === TYPE_A);
    if (says !== "nothing") socket.send(response(query.subarray(0, end), says), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return { at: `127.0.0.1:${socket.address().port}`, close: () => socket.close() };
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function response(question: Buffer, says: Exclude<Says, "nothing">): Buffer {
  const addresses = "addresses" in says ? says.addresses : [];
  const head = Buffer.from(question);
  // A response, recursion wanted and available.
  head.writeUInt16BE(0x8180 | ("code" in says ? says.code : 0), 2);
  for (const [at, count] of [[6, addresses.length] as const, [8, 0] as const, [10, 0] as const])
    head.writeUInt16BE(count, at);
  const records = addresses.map((address) => {
    // The name of the question, A, IN, a minute, four bytes.
    const fixed = [0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4];
    return Buffer.from([...fixed, ...address.split(".").map(Number)]);
  });
  return Buffer.concat([head, ...records]);
}
