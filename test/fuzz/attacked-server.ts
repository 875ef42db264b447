import { readFileSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import invariant from "tiny-invariant";
import reverseNames from "../golden/xcatd/reverse-dns.json";
import { startServerAt, type TestServer } from "../server-stub/support/server.ts";
import { type Attack, type Attacked, attack } from "./attack.ts";
import type { FuzzSession } from "./target.ts";

/** What may be more at the end than after the first tenth. */
const maxGrowth = 48 << 10;
/** Of each kind of complaint the log has so many lines and a count in ten seconds. */
const linesEach = 21;
const maxKinds = 16;

/** Addresses of two nodes, of a name that is no node, and of nobody. */
export const addresses: readonly string[] = [...Object.keys(reverseNames).slice(0, 6), "127.0.0.250"];

/** Its own, as all connections are counted. */
export const attackedHost = "127.88.0.1";

/** How one port of the server is attacked, and what must hold. */
export interface PortAttack {
  readonly attacks: fc.Arbitrary<Attack>;
  readonly atOnce: number;
  /** More options of `serve`. */
  readonly options?: readonly string[];
  reach(server: TestServer): Promise<Omit<Attacked, "host">>;
  /** Whether the server may say that to such a client. */
  mayBe(said: string, by: Attack): boolean;
  /**
   * Throws where the server does not serve a good client.
   *
   * @returns how many there were
   */
  serves(server: TestServer): Promise<number>;
}

/** The real server with one of its ports under attack. */
export async function attackedServer(port: PortAttack): Promise<FuzzSession> {
  const tables = await mkdtemp(join(tmpdir(), "statelite-tables-"));
  await cp(join(import.meta.dirname, "../golden/xcatd/tables-baseline"), tables, { recursive: true });
  const server = await startServerAt(
    attackedHost,
    tables,
    reverseNames,
    ...["--request-timeout", "0.1", ...(port.options ?? [])],
  );
  const reached = { host: attackedHost, ...(await port.reach(server)) };
  const began = performance.now();
  let warm = 0;
  let stopped = false;
  const stop = async (): Promise<number> => {
    if (stopped) return 0;
    stopped = true;
    await rm(tables, { recursive: true });
    return server.stop();
  };
  return {
    inputsPerRun: port.atOnce,
    property: fc.asyncProperty(
      fc.array(port.attacks, { minLength: port.atOnce, maxLength: port.atOnce }),
      async (all) => {
        await Promise.all(
          all.map(async (one) => {
            const said = await attack(reached, one);
            invariant(port.mayBe(said, one), `it said ${JSON.stringify(said)} to ${JSON.stringify(one)}`);
          }),
        );
      },
    ),
    warm: async () => {
      warm = residentKib(server.pid);
    },
    async conclude(inputs) {
      const connections = inputs + (await port.serves(server));
      const grown = residentKib(server.pid) - warm;
      const seconds = (performance.now() - began) / 1000;
      invariant((await stop()) === 0, "the server did not end in good order");
      const { lines, accounted, complaints, mistake } = readLog(server.log());
      const allowed = linesEach * maxKinds * (seconds / 10 + 2);
      invariant(grown < maxGrowth, `its memory grew by ${grown} KiB`);
      invariant(complaints <= allowed, `${complaints} lines of complaints in ${seconds} s`);
      invariant(mistake === undefined, `a mistake of the server's own: ${mistake}`);
      invariant(accounted === connections, `of ${connections} connections the log accounts for ${accounted}`);
      return [
        `the server answers; ${(grown / 1024).toFixed(1)} MiB more than after the first tenth`,
        `${accounted} connections in ${lines} lines of its log, ${complaints} of them complaints and counts`,
      ];
    },
    close: async () => void (await stop()),
  };
}

function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** Each connection is a line, or one of those that a line counts. */
function readLog(log: string) {
  let accounted = 0;
  let complaints = 0;
  const lines = log.trimEnd().split("\n");
  for (const line of lines) {
    const more = /Z (\d+) more: /.exec(line)?.[1];
    if (more !== undefined) accounted += Number(more);
    else if (!/: (ending|tables: )/.test(line)) accounted += 1;
    if (!/: \d+ lines, \d+ ms$|: (?:GET|HEAD|POST) \S+: [23]\d\d, \d+ ms$|Z monitor: \w+: \w+$/.test(line))
      complaints += 1;
  }
  // A stack is on the same line as what is said: the log makes newlines harmless.
  const mistake = lines.find((line) => /\\x0a +at /.test(line));
  return { lines: lines.length, accounted, complaints, ...(mistake !== undefined && { mistake }) };
}
