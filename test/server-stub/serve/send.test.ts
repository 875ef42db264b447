import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import invariant from "tiny-invariant";
import { send } from "../../../server-stub/serve/send.ts";

/** More than the kernel keeps for both ends of a connection. */
const large = [Buffer.alloc(64 * 1024 * 1024, "x")];

/** Both ends of a connection, while `work` is done. */
async function withPair<T>(work: (server: Socket, client: Socket) => Promise<T>): Promise<T> {
  const listener = createServer({ allowHalfOpen: true });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  invariant(typeof address === "object" && address !== null);
  const client = connect({ host: "127.0.0.1", port: address.port, allowHalfOpen: true });
  client.on("error", () => {});
  const [server] = (await once(listener, "connection")) as [Socket];
  server.on("error", () => {});
  try {
    return await work(server, client);
  } finally {
    server.destroy();
    client.destroy();
    listener.close();
  }
}

describe("an answer", () => {
  test("that is taken slowly is taken whole", async () => {
    await withPair(async (server, client) => {
      let taken = 0;
      let last = 0;
      client.on("data", (bytes: Buffer) => {
        taken += bytes.length;
        if (taken - last < 4 * 1024 * 1024) return;
        last = taken;
        client.pause();
        setTimeout(() => client.resume(), 20);
      });
      const ended = once(client, "end");
      expect(await send(server, large, 5)).toBe(true);
      await ended;
      expect(taken).toBe(64 * 1024 * 1024);
    });
  });

  test("that nobody takes ends with the connection", async () => {
    await withPair(async (server, client) => {
      client.pause();
      expect(await send(server, large, 0.2)).toBe(false);
      expect(server.destroyed).toBe(true);
    });
  });

  test("to a client that leaves is at its end", async () => {
    await withPair(async (server, client) => {
      client.once("data", () => client.destroy());
      expect(await send(server, large, 30)).toBe(false);
    });
  });
});
