import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { formatProblem, printable } from "../../agent/errors.ts";
import { MNT_DETACH, MS } from "../../agent/kernel/constants.ts";
import { mount, umount } from "../../agent/kernel/mount.ts";
import { reportSchema } from "../../agent/report/schema.ts";
import { project } from "../../qemu/paths.ts";
import { type Certificates, type KeyPair, makeCertificates } from "../agent/xcat/certificates.ts";
import { type Behaviour, servePlain, serveTls, type TestServer } from "../agent/xcat/server.ts";
import { recordFault } from "../faults/record.ts";
import { mustHaveOwnMounts } from "./node.ts";

/**
 * What a server may do instead of answering: the whole program asks it, on a real root, and says what is wrong. No file of
 * the node's is placed then.
 */

interface ServerFault {
  readonly fault: string;
  /** Of the certificates below; `good` where not given. */
  readonly shows?: (certificates: Certificates) => KeyPair;
  /** Speaks no TLS. */
  readonly plain?: boolean;
  readonly does: Behaviour;
  /** What is wrong, in the agent's words; absent where the boot goes on. */
  readonly found?: RegExp;
  readonly remedy?: RegExp;
}

const ANSWER = {
  litefile: "<xcatresponse>\n  <info>n01: tmpfs         /etc/motd</info>\n</xcatresponse>\n",
  litetree: "",
  done: "<xcatresponse>\n  <serverdone></serverdone>\n</xcatresponse>\n",
};
const LOOK = /see that xcatd runs|see what listens/;

const FAULTS: readonly ServerFault[] = [
  {
    fault: "an answer a byte at a time",
    does: (socket, request) => void trickle(socket, whole(request)),
  },
  {
    fault: "silence after the request",
    does: () => undefined,
    found: /took the request and said nothing for/,
    remedy: LOOK,
  },
  {
    fault: "an answer that is cut short",
    does: (socket, request) => socket.end(whole(request).slice(0, 40)),
    found: /the answer is cut short after 40 bytes/,
    remedy: LOOK,
  },
  {
    fault: "an answer without serverdone, and the end of the connection",
    does: (socket) => socket.end(ANSWER.litefile),
    found: /cut short after \d+ bytes/,
    remedy: LOOK,
  },
  {
    fault: "an answer without serverdone, and a connection that stays",
    does: (socket) => socket.write(ANSWER.litefile),
    found: /the answer stopped after \d+ bytes/,
    remedy: LOOK,
  },
  {
    fault: "an answer that is no XML",
    does: (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
    found: /this is no answer of xcatd's/,
    remedy: /see what listens on that port/,
  },
  {
    fault: "an answer of 100 MB",
    does: flood,
    found: /more than|too large|at most/,
    remedy: /a litefile table of that size is an error/,
  },
  {
    fault: "the usage text instead of rows",
    does: (socket) =>
      socket.end(
        `<xcatresponse>\n  <info>Usage: litefile &lt;noderange&gt;</info>\n</xcatresponse>\n${ANSWER.done}`,
      ),
    found: /the server does not know this node/,
    remedy: /define the node in nodelist/,
  },
  {
    fault: "a refusal",
    does: (socket) =>
      socket.end(
        "<xcatresponse>\n  <error>Permission denied for request</error>\n  <errorcode>1</errorcode>\n  <serverdone></serverdone>\n</xcatresponse>\n",
      ),
    found: /the server refuses: "Permission denied for request"/,
    remedy: /chtab priority=4\.\d policy\.commands=lite/,
  },
  {
    fault: "rows with escape sequences for the terminal",
    does: (socket) =>
      socket.end(
        `<xcatresponse>\n  <error>\u001b[2J\u001b]0;owned\u0007 done</error>\n</xcatresponse>\n${ANSWER.done}`,
      ),
    found: /\\x1b\[2J\\x1b\]0;owned\\x07|\?\[2J/,
  },
  {
    fault: "no TLS at all",
    plain: true,
    does: (socket) => socket.end("ready\n"),
    found: /no TLS could be agreed upon|closed the connection before TLS stood/,
  },
  {
    fault: "a certificate that has expired",
    shows: ({ expired }) => expired,
    does: () => undefined,
    found: /^the server.s certificate has expired; this node.s clock says/,
    remedy: /renew it on the server/,
  },
];

describe("a server that gives", () => {
  for (const fault of FAULTS) {
    test(fault.fault, async () => {
      await using site = await openSite(fault);
      const started = performance.now();
      const { status, said } = await site.apply();
      const seconds = (performance.now() - started) / 1000;
      const report = reportSchema.parse(JSON.parse(readFileSync(site.report, "utf8")));
      const problem = report.problems.find((one) => one.class === "fatal");
      if (fault.found === undefined) {
        expect({ status, said }).toEqual({
          status: 0,
          said: expect.stringContaining("tables: 1 litefile entries"),
        });
        expect(site.read("/etc/motd")).toBe("of the image\n");
      } else {
        expect({ status, doing: problem?.doing }).toEqual({
          status: 1,
          doing: "ask for litefile and litetree",
        });
        // The report holds what was found; on a console it is harmless.
        const found = printable(problem?.found ?? "nothing");
        expect(found).toMatch(fault.found);
        expect(problem?.remedy).toMatch(fault.remedy ?? /./);
        expect(said).toContain(found);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
        expect(said).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/);
      }
      recordFault({
        fault: `a server that gives ${fault.fault}`,
        test: relative(project, import.meta.path),
        said: problem === undefined ? "nothing but the phases" : formatProblem(problem),
        outcome: status === 0 ? "boots" : "apply ends with 1",
        seconds,
        state: "none was there",
      });
    });
  }
});

/** A root, a server, and the agent between them. */
async function openSite({ shows = ({ good }) => good, plain, does }: ServerFault) {
  mustHaveOwnMounts();
  const directory = mkdtempSync(join(tmpdir(), "statelite-fault-"));
  const certificates = makeCertificates();
  writeFileSync(join(directory, "ca.pem"), certificates.ca);
  const image = join(directory, "image");
  for (const folder of [".statelite", ".default/etc", "etc", "dev", "proc", "sys"])
    mkdirSync(join(image, folder), { recursive: true });
  for (const path of [".default/etc/motd", "etc/motd"]) writeFileSync(join(image, path), "of the image\n");
  const root = join(directory, "root");
  mkdirSync(root);
  mount(image, root, "", MS.BIND, "");
  mount("", root, "", MS.BIND | MS.REMOUNT | MS.RDONLY, "");
  const server: TestServer = plain
    ? await servePlain((socket) => does(socket, "", 0))
    : await serveTls(shows(certificates), does);
  const cmdline = `XCAT=127.0.0.1:${server.endpoint.port} NODE=n01 statelite.query_timeout=3`;
  const argv = [
    process.execPath,
    join(project, "agent/main.ts"),
    "apply",
    "--root",
    root,
    "--cmdline",
    cmdline,
  ];
  return {
    report: join(root, ".statelite/report.json"),
    read: (path: string) => readFileSync(join(root, path), "utf8"),
    async apply(): Promise<{ readonly status: number; readonly said: string }> {
      const child = Bun.spawn([...argv, "--ca", join(directory, "ca.pem")], {
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
        timeout: 30_000,
      });
      const [out, error] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      return { status: await child.exited, said: out + error };
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      umount(root, MNT_DETACH);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function whole(request: string): string {
  return (request.includes("litefile") ? ANSWER.litefile : ANSWER.litetree) + ANSWER.done;
}

async function trickle(socket: Socket, text: string): Promise<void> {
  for (const byte of text) {
    socket.write(byte);
    await Bun.sleep(1);
  }
  socket.end();
}

/** As fast as it is taken. */
function flood(socket: Socket): void {
  const row = ANSWER.litefile.repeat(1000);
  let left = 100 * 2 ** 20;
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      left -= row.length;
      if (!socket.write(row)) return void socket.once("drain", more);
    }
    socket.end(ANSWER.done);
  };
  more();
}
