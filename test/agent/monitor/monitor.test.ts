import { afterEach, describe, expect, test } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import invariant from "tiny-invariant";
import type { ServerAddress } from "../../../agent/cmdline/options.ts";
import { BootLog } from "../../../agent/log.ts";
import { Monitor, type NodeStatus } from "../../../agent/monitor/monitor.ts";

/** What a server on the monitor's port does with a connection. */
type Behaviour = (socket: Socket, heard: string[]) => void;

const xcatd: Behaviour = (socket, heard) => {
  socket.write("ready\n");
  socket.on("data", (bytes) => {
    heard.push(bytes.toString());
    socket.end("done\n");
  });
};
const silent: Behaviour = () => {};

const servers: Server[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function listen(host: string, port: number, behaviour: Behaviour, heard: string[]): Promise<number> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    behaviour(socket, heard);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const address = server.address();
  invariant(typeof address === "object" && address !== null);
  return address.port;
}

interface Told {
  readonly heard: readonly string[];
  readonly log: string;
}

/** Tells the statuses to a monitor whose servers, at 127.0.0.1, 127.0.0.2 and so on, behave so. */
async function tell(behaviours: readonly Behaviour[], ...statuses: readonly NodeStatus[]): Promise<Told> {
  // The time of a silent one is waited for; else there is enough of it on a machine with a lot to do.
  const within = behaviours.includes(silent) ? (behaviours.length > 1 ? 3000 : 300) : 8000;
  const heard: string[] = [];
  let port = 0;
  const addresses: ServerAddress[] = [];
  for (const [index, behaviour] of behaviours.entries()) {
    const host = `127.0.0.${index + 1}`;
    port = await listen(host, port, behaviour, heard);
    addresses.push({ protocol: "xcatd", host, port: 3001 });
  }
  const log = new BootLog({ console: () => {}, now: () => 0, verbose: false });
  const monitor = new Monitor(log, within);
  monitor.begin({ servers: addresses, monitorPort: port }, { lookup: (host) => Promise.resolve([host]) });
  for (const status of statuses) monitor.tell(status);
  await monitor.settle(10_000);
  return { heard, log: log.lines.map(({ text }) => text).join("\n") };
}

test("statuses are told in their order, a connection for each", async () => {
  const { heard, log } = await tell([xcatd], "netbooting", "booting", "failed");
  expect(heard).toEqual(["netbooting", "booting", "failed"].map((status) => `installstatus ${status}\n`));
  expect(log.replaceAll(/\d+ knows/g, "P knows")).toBe(
    ["netbooting", "booting", "failed"]
      .map((status) => `install monitor: 127.0.0.1:P knows: ${status}`)
      .join("\n"),
  );
});

test("the next status waits for the answer to the one before, which a slow server would else get later", async () => {
  let open = 0;
  const most: number[] = [];
  const slow: Behaviour = (socket, heard) => {
    open += 1;
    most.push(open);
    socket.on("close", () => {
      open -= 1;
    });
    setTimeout(() => xcatd(socket, heard), 30);
  };
  const { heard } = await tell([slow], "netbooting", "booting");
  expect(heard).toEqual(["installstatus netbooting\n", "installstatus booting\n"]);
  expect(most).toEqual([1, 1]);
});

test("an answer may come in pieces", async () => {
  const { log } = await tell(
    [
      (socket) => {
        socket.write("rea");
        setTimeout(() => socket.write("dy\n"), 10);
        socket.on("data", () => {
          socket.write("do");
          setTimeout(() => socket.end("ne\n"), 10);
        });
      },
    ],
    "failed",
  );
  expect(log).toMatch(/knows: failed$/);
});

test("the next server is told where the first one says nothing", async () => {
  const { heard } = await tell([silent, xcatd], "booting");
  expect(heard).toEqual(["installstatus booting\n"]);
});

describe("what went wrong is in the log, and nothing else happens", () => {
  const cases: readonly (readonly [string, Behaviour, RegExp])[] = [
    ["a server that says nothing", silent, /could not be told failed: .* no ready within 0\.3/],
    [
      "one that does not know the node",
      (socket) => void socket.end(),
      /closed without a word: it does not know this node/,
    ],
    [
      "one that leaves after the question",
      (socket) => {
        socket.write("ready\n");
        socket.on("data", () => socket.destroy());
      },
      /closed before its answer/,
    ],
    [
      "one that is something else",
      (socket) => void socket.write("220 mail\u001b[2J\n"),
      /"220 mail\\x1b\[2J" in place of ready/,
    ],
    [
      "one that does not stop",
      (socket) => void socket.write("x".repeat(5000)),
      /\d+ bytes, of which none make an answer/,
    ],
  ];
  for (const [rule, behaviour, message] of cases) {
    test(rule, async () => {
      const { log } = await tell([behaviour], "failed");
      expect(log).toMatch(message);
    });
  }
});

describe("nobody waits", () => {
  const never = () => new Promise<string[]>(() => {});

  test("for a name that is not found", async () => {
    const log = new BootLog({ console: () => {}, now: () => 0, verbose: false });
    const monitor = new Monitor(log, 50);
    monitor.begin(
      { servers: [{ protocol: "json", url: "https://mn:8443/" }], monitorPort: 3002 },
      { lookup: never },
    );
    monitor.tell("booting");
    await monitor.settle(5000);
    expect(log.lines.map(({ text }) => text).join()).toMatch(/could not be told booting: mn:3002: /);
  });

  test("for longer than was said", async () => {
    const log = new BootLog({ console: () => {}, now: () => 0, verbose: false });
    const monitor = new Monitor(log, 60_000);
    monitor.begin(
      { servers: [{ protocol: "xcatd", host: "mn", port: 3001 }], monitorPort: 3002 },
      { lookup: never },
    );
    monitor.tell("netbooting");
    monitor.tell("booting");
    await monitor.settle(20);
    expect(log.lines.map(({ text }) => text)).toEqual([
      "install monitor: no answer yet to netbooting, booting; nobody waits for it",
    ]);
  });

  test("and nothing is sent before there is a network, or with nonodestatus", async () => {
    const log = new BootLog({ console: () => {}, now: () => 0, verbose: false });
    const monitor = new Monitor(log);
    monitor.tell("failed");
    monitor.begin({ servers: [{ protocol: "xcatd", host: "mn", port: 3001 }] }, { lookup: never });
    monitor.tell("failed");
    await monitor.settle(5000);
    expect(log.lines).toEqual([]);
  });
});
