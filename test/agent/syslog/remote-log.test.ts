import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Problem } from "../../../agent/errors.ts";
import { BootLog } from "../../../agent/log.ts";
import { RemoteLog } from "../../../agent/syslog/remote-log.ts";

const received: string[] = [];
let receiver: Awaited<ReturnType<typeof listen>>;

function listen() {
  return Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: { data: (_, data) => void received.push(data.toString()) },
  });
}

beforeAll(async () => {
  receiver = await listen();
});
afterAll(() => receiver.close());

const problem: Problem = {
  class: "source",
  code: "source-mount",
  doing: "mount a litetree source",
  on: "10.0.0.1:/a\n<0>1 - forged kernel 1 - - panic",
  found: "\u001b[2J no such directory",
  remedy: "export it",
};

async function arrived(count: number): Promise<void> {
  while (received.length < count) await Bun.sleep(5);
}

test("what was said before there was a network is sent, too, in order; a problem is one line whatever is in it", async () => {
  const log = new BootLog({ console: () => undefined, now: () => 0, verbose: false });
  const remote = new RemoteLog(log);
  log.say("no line of this without xcatdebugmode");
  log.problem(problem);
  remote.add({ severity: "info", id: "booted", text: "before the network" });
  const from = "n01";
  remote.start({ host: "logs", port: receiver.port, from, resolve: () => Promise.resolve(["127.0.0.1"]) }, 0);
  log.record({ ...problem, class: "fatal", code: "image-mount" });
  await remote.flush();
  await arrived(3);
  expect(received.map((line) => line.replace(/^(<\d+>1) \S+/, "$1"))).toEqual([
    "<30>1 n01 statelite 1 booted - before the network",
    expect.stringMatching(
      /^<28>1 n01 statelite 1 source-mount - source problem \(source-mount\): .*\/a\\x0a<0>1.*\\x1b\[2J no such/,
    ),
    expect.stringMatching(/^<26>1 n01 statelite 1 image-mount - fatal problem/),
  ]);
});

test("a server that cannot be found costs a line in the log and nothing else", async () => {
  const log = new BootLog({ console: () => undefined, now: () => 0, verbose: false });
  const remote = new RemoteLog(log);
  const resolve = () => Promise.reject(new Error("no DNS"));
  remote.start({ host: "logs", port: 514, from: "n01", resolve }, 0);
  log.problem(problem);
  await remote.flush();
  expect(log.lines.at(-1)?.text).toBe("LOGSERVER=logs gets no lines: no DNS");
});

test("a server that nobody listens on costs nothing at all: no exception that would end the boot", () => {
  const child = new URL("./refused-child.ts", import.meta.url).pathname;
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, child], { timeout: 20_000 });
  expect({ exitCode, out: stdout.toString(), err: stderr.toString() }).toEqual({
    exitCode: 0,
    out: "all said\n",
    err: "",
  });
});

test("a server with an IPv6 address gets the lines", async () => {
  received.length = 0;
  const sixth = await Bun.udpSocket({
    hostname: "::1",
    socket: { data: (_, data) => void received.push(data.toString()) },
  });
  const remote = new RemoteLog(new BootLog({ console: () => undefined, now: () => 0, verbose: false }));
  const resolve = () => Promise.resolve(["::1"]);
  remote.start({ host: "logs", port: sixth.port, from: "n01", resolve }, 0);
  remote.add({ severity: "info", id: "x", text: "over IPv6" });
  await remote.flush();
  await arrived(1);
  sixth.close();
  expect(received[0]).toEndWith("over IPv6");
});

test("however much is said, a bounded part of it is kept", async () => {
  received.length = 0;
  const log = new BootLog({ console: () => undefined, now: () => 0, verbose: false });
  const remote = new RemoteLog(log);
  for (let n = 0; n < 10_000; n++) remote.add({ severity: "info", id: "x", text: `line ${n}` });
  remote.start(
    { host: "logs", port: receiver.port, from: "n01", resolve: () => Promise.resolve(["127.0.0.1"]) },
    0,
  );
  await remote.flush();
  await arrived(501);
  expect(received.length).toBe(501);
  expect(received.at(-1)).toContain("9500 more lines were left out");
});
