import { describe, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import fc from "fast-check";
import { nullCall, probeNfs, readReply } from "../../../agent/mounts/nfs-probe.ts";

/** The NULL call against servers on loopback that behave in every way. Messages as RFC 5531 has them. */

/** A reply to the call: its xid, REPLY, MSG_ACCEPTED, an empty verifier, then what is given. */
function reply(call: Buffer, ...words: readonly number[]): Buffer {
  const body = [call.readUInt32BE(4), 1, 0, 0, 0, ...words];
  const record = Buffer.alloc(4 + 4 * body.length);
  record.writeUInt32BE((0x80000000 | (4 * body.length)) >>> 0, 0);
  for (const [n, word] of body.entries()) record.writeUInt32BE(word >>> 0, 4 + 4 * n);
  return record;
}

const [SUCCESS, PROG_UNAVAIL, PROG_MISMATCH, GARBAGE_ARGS] = [0, 1, 2, 4];
const silent = (reason: string) => ({ kind: "silent", reason });
const noNfs = silent("what answers there does not speak NFS");

interface Row {
  readonly rule: string;
  readonly answer: (socket: Socket, call: Buffer) => void;
  readonly wanted: unknown;
  readonly timeout?: number;
}

const rows: readonly Row[] = [
  { rule: "alive", answer: (s, call) => s.write(reply(call, SUCCESS)), wanted: { kind: "alive" } },
  {
    rule: "alive, the answer byte by byte",
    answer: (s, call) => {
      s.setNoDelay(true);
      for (const byte of reply(call, SUCCESS)) s.write(Buffer.from([byte]));
    },
    wanted: { kind: "alive" },
  },
  {
    rule: "alive, with a verifier of five bytes",
    answer: (s, call) => {
      const record = Buffer.alloc(36);
      for (const [n, word] of [
        0x80000020,
        call.readUInt32BE(4),
        1,
        0,
        0,
        5,
        0x61626364,
        0x65000000,
        SUCCESS,
      ].entries())
        record.writeUInt32BE(word >>> 0, 4 * n);
      s.write(record);
    },
    wanted: { kind: "alive" },
  },
  {
    rule: "another version only",
    answer: (s, call) => s.write(reply(call, PROG_MISMATCH, 3, 3)),
    wanted: { kind: "no such version" },
  },
  {
    rule: "no NFS program",
    answer: (s, call) => s.write(reply(call, PROG_UNAVAIL)),
    wanted: { kind: "no such version" },
  },
  {
    rule: "a status that makes no sense",
    answer: (s, call) => s.write(reply(call, GARBAGE_ARGS)),
    wanted: noNfs,
  },
  { rule: "a web server", answer: (s) => s.write("HTTP/1.1 400 Bad Request\r\n\r\n"), wanted: noNfs },
  {
    rule: "an answer to another call",
    answer: (s) => s.write(reply(Buffer.alloc(8, 7), SUCCESS)),
    wanted: noNfs,
  },
  {
    rule: "a rejected call",
    answer: (s, call) => {
      const record = reply(call, SUCCESS);
      record.writeUInt32BE(1, 12);
      s.write(record);
    },
    wanted: silent("the server rejected the call"),
  },
  {
    rule: "an answer that announces a gigabyte",
    answer: (s) => s.write(Buffer.from("bfffffff00000000", "hex")),
    wanted: noNfs,
  },
  {
    rule: "a connection that is closed at once",
    answer: (s) => s.end(),
    wanted: silent("the connection was closed without an answer"),
  },
  {
    rule: "half an answer, then closed",
    answer: (s, call) => s.end(reply(call, SUCCESS).subarray(0, 20)),
    wanted: silent("the connection was closed without an answer"),
  },
  { rule: "silence", answer: () => undefined, wanted: silent("no answer within 0.2 s"), timeout: 200 },
  {
    rule: "half an answer, then silence",
    answer: (s, call) => s.write(reply(call, SUCCESS).subarray(0, 20)),
    wanted: silent("no answer within 0.2 s"),
    timeout: 200,
  },
];

describe("an NFS server that is asked whether it is alive", () => {
  for (const { rule, answer, wanted, timeout = 10_000 } of rows) {
    test(rule, async () => {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.on("error", () => undefined); // The probe hangs up when it has heard enough.
        socket.on("data", (call) => answer(socket, call as Buffer));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const address = server.address();
      try {
        if (address === null || typeof address === "string") throw new Error("no port");
        expect(await probeNfs("127.0.0.1", address.port, 4, timeout)).toEqual(wanted as never);
      } finally {
        for (const socket of sockets) socket.destroy();
        server.close();
      }
    });
  }

  test("nobody there", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    await new Promise((resolve) => server.close(resolve));
    if (address === null || typeof address === "string") throw new Error("no port");
    expect(await probeNfs("127.0.0.1", address.port, 3, 10_000)).toEqual({
      kind: "silent",
      reason: "connection refused",
    });
  });
});

test("the call is the NULL procedure of the version that is asked for", () => {
  expect(
    nullCall(3)
      .toString("hex")
      .replace(/^(.{8}).{8}/, "$1"),
  ).toBe(`80000028${"00000000"}00000002000186a3${"00000003"}${"00000000".repeat(5)}`);
});

test("an answer may be any bytes, in any pieces: nothing is thrown, and no part is taken for the whole", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const answer = readReply(Buffer.from(bytes));
      expect(["alive", "no such version", "silent", undefined]).toContain(answer?.kind);
    }),
  );
  const whole = reply(nullCall(4), SUCCESS);
  for (let length = 0; length < whole.length; length++)
    expect(readReply(whole.subarray(0, length))).toBeUndefined();
});
