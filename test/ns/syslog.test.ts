import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MNT_DETACH } from "../../agent/kernel/constants.ts";
import { mount, umount } from "../../agent/kernel/mount.ts";
import { mustHaveOwnMounts } from "./node.ts";

/** LOGSERVER, told by the whole program: port 514 of this machine. */

mustHaveOwnMounts();
const base = mkdtempSync(join(tmpdir(), "statelite-syslog-"));
const received: string[] = [];
let receiver: { close(): void };

beforeAll(async () => {
  receiver = await Bun.udpSocket({
    hostname: "127.0.0.1",
    port: 514,
    socket: { data: (_, data) => void received.push(data.toString()) },
  });
});
afterAll(() => {
  receiver.close();
  rmSync(base, { recursive: true });
});

test("a boot that fails leaves its problems and its report with the log server, and no password", async () => {
  const root = join(base, "root");
  mkdirSync(root);
  mount("image", root, "tmpfs", 0, "");
  try {
    mkdirSync(join(root, ".statelite"));
    const cmdline =
      "XCAT=127.0.0.1:1 LOGSERVER=127.0.0.1 NODE=n01 statelite.query_timeout=1 statelite.tls=insecure site.password=hunter2";
    const agent = join(import.meta.dir, "../../agent/main.ts");
    const child = Bun.spawn([process.execPath, agent, "apply", "--root", root, "--cmdline", cmdline], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(await child.exited).toBe(1);
    const report = readFileSync(join(root, ".statelite/report.json"), "utf8").trim();
    // Another process has sent them: they come when they come.
    while (!received.some((line) => line.includes("report 1/1"))) await Bun.sleep(10);
    const lines = received.map((line) => line.replace(/^(<\d+>1) \S+ (.*)$/s, "$1 $2"));
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^<26>1 n01 statelite 1 query-unreachable - fatal problem \(query-unreachable\): ask for litefile and litetree: 127\.0\.0\.1:1: /,
      ),
    );
    expect(lines).toContain("<26>1 n01 statelite 1 failed - the boot of this node has failed");
    expect(lines).toContain(`<30>1 n01 statelite 1 report - report 1/1 ${report}`);
    expect(received.join("\n")).not.toContain("hunter2");
  } finally {
    umount(root, MNT_DETACH);
  }
});
