import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import reverseNames from "../../golden/xcatd/reverse-dns.json";
import { ask, logs, openTls, startServer, type TestServer, talkToMonitor } from "../support/server.ts";

const litetree = "<xcatrequest><command>litetree</command></xcatrequest>\n";
const n01 = "127.0.0.3";

interface Idle {
  readonly socket: Socket;
  /** The server has ended it. */
  readonly gone: Promise<void>;
}

/** Connects so often and says nothing, until all are connected or gone. */
async function standAround(
  port: number,
  count: number,
  addressOf: (index: number) => string,
): Promise<Idle[]> {
  const all: Idle[] = [];
  while (all.length < count) {
    const some = Array.from({ length: Math.min(500, count - all.length) }, (_, index) => {
      const socket = connect({ host: "127.0.0.1", port, localAddress: addressOf(all.length + index) });
      const gone = new Promise<void>((resolve) => socket.on("close", () => resolve()));
      socket.on("error", () => {}).resume(); // "close" follows.
      return { socket, gone, settled: new Promise<void>((resolve) => socket.on("connect", resolve)) };
    });
    await Promise.all(some.map(({ gone, settled }) => Promise.race([gone, settled])));
    all.push(...some);
  }
  return all;
}

const ofMany = (index: number): string => `127.7.${index >> 8}.${1 + (index & 127)}`;

function residentMiB({ pid }: TestServer): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** How many files and sockets the server has open. */
function openFiles({ pid }: TestServer): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

describe("who only stands around", () => {
  let server: TestServer;
  let good: string;
  beforeAll(async () => {
    server = await startServer(join(import.meta.dir, "../../golden/xcatd/tables-baseline"), reverseNames);
    good = await ask(server, n01, litetree);
  });
  afterAll(() => server.stop());

  test("10,000 times on port 3001 holds up no node, and takes little memory", async () => {
    const before = residentMiB(server);
    const idle = await standAround(server.port, 10_000, ofMany);
    for (let times = 0; times < 20; times += 1) expect(await ask(server, n01, litetree)).toBe(good);
    expect(residentMiB(server) - before).toBeLessThan(250);
    for (const { socket } of idle) socket.destroy();
    expect(await ask(server, n01, litetree)).toBe(good);
  });

  test("at one address has 1,024 connections, and nobody else has fewer for it", async () => {
    const idle = await standAround(server.port, 1200, () => "127.0.0.99");
    expect(await logs(server, "127.0.0.99: no room: there are 1024 connections of this address")).toBe(true);
    expect(await ask(server, n01, litetree)).toBe(good);
    for (const { socket } of idle) socket.destroy();
  });

  test("on the install monitor is let go, a node or not, while another is served", async () => {
    const idle = await standAround(server.monitorPort, 2000, (index) =>
      index % 2 === 0 ? n01 : ofMany(index),
    );
    expect(await talkToMonitor(server, "127.0.0.9", "next\n")).toEqual(["ready\n", "done\n"]);
    await Promise.all(idle.map(({ gone }) => gone));
    expect(await ask(server, n01, litetree)).toBe(good);
  });

  test("with its half of the connection open is let go on each port, answered or not", async () => {
    const before = openFiles(server);
    const said = [server.monitorPort, server.monitorPort, server.monitorPort].map((port, index) => {
      // A node that says something, a node that does not, a stranger.
      const localAddress = index < 2 ? n01 : "127.7.7.7";
      const socket = connect({ host: "127.0.0.1", port, localAddress, allowHalfOpen: true });
      if (index === 0) socket.write("next\n");
      return { socket: socket.resume(), ended: once(socket, "end") };
    });
    const secure = await openTls(server, n01);
    const answered = once(secure, "end");
    secure.resume().write(litetree);
    await Promise.all([answered, ...said.map(({ ended }) => ended)]);
    for (let tries = 0; tries < 200 && openFiles(server) > before; tries += 1) await Bun.sleep(50);
    expect(openFiles(server)).toBeLessThanOrEqual(before);
    for (const { socket } of [...said, { socket: secure }]) socket.destroy();
  });
});
