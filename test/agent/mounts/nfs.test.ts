import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import invariant from "tiny-invariant";
import { directCalls, type KernelCalls } from "../../../agent/kernel/calls.ts";
import { errnoNumber, SystemError } from "../../../agent/kernel/errno.ts";
import { BootLog } from "../../../agent/log.ts";
import { mountNfs, type NfsRequest } from "../../../agent/mounts/nfs.ts";
import { NfsError, Passing } from "../../../agent/mounts/nfs-failure.ts";
import { NfsServers } from "../../../agent/mounts/nfs-probe.ts";

/** Servers with several addresses: one that answers the NULL call on loopback; what mount(2) says is given. */

/** Where nobody listens at that port. */
const AWAY = "127.0.0.2";
const HERE = "127.0.0.1";
let server: Server;
let port = 0;

beforeAll(async () => {
  server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (call: Buffer) => {
      const words = [call.readUInt32BE(4), 1, 0, 0, 0, 0];
      const record = Buffer.alloc(4 + 4 * words.length);
      for (const [n, word] of [0x80000018, ...words].entries()) record.writeUInt32BE(word, 4 * n);
      socket.write(record);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, HERE, resolve));
  const address = server.address();
  invariant(typeof address === "object" && address !== null);
  port = address.port;
});
afterAll(() => server.close());

async function failure(addresses: readonly string[], errno: string): Promise<NfsError> {
  const refused = () => Promise.reject(new SystemError("mount(mn:/lite)", errnoNumber(errno)));
  const calls: KernelCalls = { ...directCalls, mount: refused };
  const log = new BootLog({ console: () => undefined, now: () => 0, verbose: false });
  const request: NfsRequest = {
    ...{ servers: ["mn"], directories: ["/lite"], options: ["vers=4.2", `port=${port}`] },
    ...{ target: "/mnt", flags: 0, timeout: 0 },
  };
  const context = { calls, log, servers: new NfsServers(), resolve: async () => addresses };
  const error = await mountNfs(request, context).catch((thrown: unknown) => thrown);
  invariant(error instanceof NfsError);
  return error;
}

test.each([
  ["then one that cannot be reached", [HERE, AWAY]],
  ["after one that cannot be reached", [AWAY, HERE]],
])("what a server answers at one of its addresses counts, %s", async (_, addresses) => {
  const denied = await failure(addresses, "EACCES");
  expect(denied.message).toMatch(/^access denied by the server/);
  const absent = await failure(addresses, "ENOENT");
  // A node's own directory of the state is made where this is so.
  expect(absent).toMatchObject({
    absent: true,
    message: expect.stringMatching(/does not exist on the server/),
  });
});

test("where none can be reached, the first one is told", async () => {
  const error = await failure([AWAY, "127.0.0.3"], "EACCES");
  expect(error.message).toMatch(/^mn \(127\.0\.0\.2\) port \d+: connection refused \(tried for 0 s\)$/);
  expect(error).not.toBeInstanceOf(Passing);
});
