import { connect } from "node:net";

/**
 * Asks an NFS server whether it is alive, with the NULL procedure that every ONC RPC program has (RFC 5531,
 * section 12; NFS is program 100003). Unlike mount(2) this can be given up, and says at once what is wrong.
 */

const NFS_PROGRAM = 100003;
const REPLY_LIMIT = 4096;

/** What the server said: alive, alive but without that version, or why there was no answer. */
export type ProbeAnswer =
  | { readonly kind: "alive" }
  | { readonly kind: "no such version" }
  | { readonly kind: "silent"; readonly reason: string };

/** One try over TCP; ends after `timeout` milliseconds at the latest. */
export function probeNfs(host: string, port: number, version: 3 | 4, timeout: number): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const received: Buffer[] = [];
    const end = (answer: ProbeAnswer) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(
      () => end({ kind: "silent", reason: `no answer within ${timeout / 1000} s` }),
      timeout,
    );
    socket.on("connect", () => socket.write(nullCall(version)));
    socket.on("data", (chunk: Buffer) => {
      received.push(chunk);
      const answer = readReply(Buffer.concat(received));
      if (answer !== undefined) end(answer);
    });
    socket.on("error", (error: Error & { code?: string }) =>
      end({ kind: "silent", reason: reasonOf(error) }),
    );
    socket.on("close", () => end({ kind: "silent", reason: "the connection was closed without an answer" }));
  });
}

/** How long an answer stands: several directories of one server are mounted within moments. */
const MEMORY_MS = 20_000;
const PROBE_MS = 5000;

/** What servers have answered lately. A server that was silent is asked again. */
export class NfsServers {
  readonly #answers = new Map<string, { readonly at: number; readonly answer: ProbeAnswer }>();

  readonly #version4 = new Set<string>();

  async ask(host: string, port: number, version: 3 | 4): Promise<ProbeAnswer> {
    const key = `${host} ${port} ${version}`;
    const known = this.#answers.get(key);
    if (known !== undefined && performance.now() - known.at < MEMORY_MS) return known.answer;
    const answer = await probeNfs(host, port, version, PROBE_MS);
    if (answer.kind !== "silent") this.#answers.set(key, { at: performance.now(), answer });
    return answer;
  }

  /** A directory of this server was mounted by version 4: its paths are as version 4 has them. */
  mountedByVersion4(host: string): void {
    this.#version4.add(host);
  }

  hasMountedByVersion4(host: string): boolean {
    return this.#version4.has(host);
  }

  /** After a failure that says that the server may be gone. */
  forget(): void {
    this.#answers.clear();
  }
}

function reasonOf(error: Error & { code?: string }): string {
  switch (error.code) {
    case "ECONNREFUSED":
      return "connection refused";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "no route to the host";
    default:
      return error.code ?? error.message;
  }
}

const XID = 0x57a7e117;

/** A record-marked call: xid, CALL, RPC version 2, program, version, procedure 0, no credentials. */
export function nullCall(version: number): Buffer {
  const words = [XID, 0, 2, NFS_PROGRAM, version, 0, 0, 0, 0, 0];
  const call = Buffer.alloc(4 + words.length * 4);
  call.writeUInt32BE((0x80000000 | (words.length * 4)) >>> 0, 0);
  for (const [index, word] of words.entries()) call.writeUInt32BE(word, 4 + index * 4);
  return call;
}

/** Undefined while the reply is not complete. Accepted: xid, REPLY, MSG_ACCEPTED, verifier, accept status. */
export function readReply(bytes: Buffer): ProbeAnswer | undefined {
  if (bytes.length < 4) return undefined;
  const length = bytes.readUInt32BE(0) & 0x7fffffff;
  const garbage: ProbeAnswer = { kind: "silent", reason: "what answers there does not speak NFS" };
  if (length < 24 || length > REPLY_LIMIT) return garbage;
  if (bytes.length < 4 + length) return undefined;
  const word = (index: number) => bytes.readUInt32BE(4 + index * 4);
  if (word(0) !== XID || word(1) !== 1) return garbage;
  if (word(2) !== 0) return { kind: "silent", reason: "the server rejected the call" };
  const verifier = Math.ceil(word(4) / 4);
  if (24 + verifier * 4 > length) return garbage;
  const status = word(5 + verifier);
  // 0 SUCCESS, 1 PROG_UNAVAIL, 2 PROG_MISMATCH.
  if (status === 0) return { kind: "alive" };
  return status === 1 || status === 2 ? { kind: "no such version" } : garbage;
}
