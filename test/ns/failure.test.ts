import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The agent as the first process of a PID namespace of its own, where reboot(2) ends the namespace: by SIGHUP for a
 * restart, by SIGINT for halt and poweroff (pid_namespaces(7)). The command line, the kernel's log and /run are its own.
 */

const project = join(import.meta.dir, "../..");
const folder = mkdtempSync(join(tmpdir(), "statelite-failure-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A kernel that has everything built in: no module of this machine's is loaded. */
const NO_MODULES = `
  mount -t tmpfs none /lib/modules
  own=/lib/modules/$(uname -r)
  mkdir $own
  for list in dep alias softdep symbols; do : >$own/modules.$list; done
  printf 'kernel/fs/nfs/nfsv4.ko\\nkernel/net/packet/af_packet.ko\\n' >$own/modules.builtin`;

/** The password of the shell, where it has one, and what `mkpasswd -m sha-512` makes of it. */
const PASSWORD = "open sesame";
const HASH = Bun.spawnSync(["busybox", "mkpasswd", "-m", "sha512", PASSWORD]).stdout.toString().trim();

/** unshare(1) ends as its child has: 128 and the signal's number. */
const RESTARTED = 129;
const STOPPED = 130;

interface Given {
  readonly commandLine: string;
  /** `/etc/statelite/shell` of the initrd. */
  readonly lock?: string;
  /** A program's text that runs inside the agent: a mistake in it. */
  readonly mistake?: string;
  /** Shell text run before the agent, in its namespace. */
  readonly before?: string;
}

let runs = 0;

const PIPES = { stdout: "pipe", stderr: "pipe", timeout: 30_000, killSignal: "SIGKILL" } as const;

/** For command lines that nobody can boot with, so that nothing but the failure policy runs. */
function prepare({ commandLine, lock, before = ":", mistake = "" }: Given) {
  const own = join(folder, String(runs++));
  mkdirSync(join(own, "etc/statelite"), { recursive: true });
  mkdirSync(join(own, "run"));
  writeFileSync(join(own, "cmdline"), `${commandLine}\n`);
  writeFileSync(join(own, "kmsg"), "");
  writeFileSync(join(own, "panic"), "0\n");
  writeFileSync(join(own, "mistake.ts"), mistake);
  writeFileSync(join(own, "etc/passwd"), "root:x:0:0:root:/:/bin/sh\n");
  writeFileSync(join(own, "etc/shadow"), `root:${HASH}:::::::\n`, { mode: 0o600 });
  if (lock !== undefined) writeFileSync(join(own, "etc/statelite/shell"), lock);
  const script = `
    mount --bind "${own}/cmdline" /proc/cmdline
    mount --bind "${own}/kmsg" /dev/kmsg
    mount --bind "${own}/panic" /proc/sys/kernel/panic
    mount --bind "${own}/run" /run
    mount --bind "${own}/etc" /etc
    mount -t tmpfs none /sys # Without it a shell takes the terminal of this machine for its console.
    ${before}
    exec ${process.execPath} --preload ${own}/mistake.ts ${project}/agent/main.ts init`;
  const command = [
    "unshare",
    "--pid",
    "--fork",
    "--mount",
    "--net",
    "--propagation",
    "private",
    "--mount-proc",
    "sh",
    "-c",
    script,
  ];
  const read = (name: string): string => readFileSync(join(own, name), "utf8");
  return { command, read };
}

/** Boots with what is typed waiting in a pipe. */
async function bootOn({ typed = "", ...given }: Given & { readonly typed?: string }) {
  const { command, read } = prepare(given);
  const child = Bun.spawn(command, { stdin: Buffer.from(typed), ...PIPES });
  const [said, cried, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { status, said: `${said}${cried}`, kernel: read("kmsg"), read };
}

const WRONG = "NFSROOT=10.0.0.1:/image XCAT=:: statelite.onfail_delay=0";

describe("the failure policy", () => {
  const rows: [string, Given & { readonly typed?: string }, number, RegExp][] = [
    ["reboot", { commandLine: `${WRONG} statelite.onfail=reboot` }, RESTARTED, /onfail=reboot in 0 s/],
    ["poweroff", { commandLine: `${WRONG} statelite.onfail=poweroff` }, STOPPED, /onfail=poweroff in 0 s/],
    ["halt", { commandLine: `${WRONG} statelite.onfail=halt` }, STOPPED, /onfail=halt in 0 s/],
    [
      "shell: somebody types, leaves it, and the machine restarts",
      { commandLine: WRONG, typed: "echo typed $((40 + 2))\nexit\n" },
      RESTARTED,
      /a shell on this console\n[\s\S]*typed 42/,
    ],
    [
      "a policy that cannot be read is the default's, and the problem says what it can be",
      { commandLine: `${WRONG} statelite.onfail=explode` },
      RESTARTED,
      /statelite.onfail=explode[\s\S]*a shell on this console/,
    ],
    [
      "a shell that the initrd refuses is not opened, and the machine halts",
      { commandLine: WRONG, lock: "refused\n", typed: "echo typed $((40 + 2))\n" },
      STOPPED,
      /^(?![\s\S]*typed 42)[\s\S]*built with --shell=refused, so the machine halts/,
    ],
    [
      "a lock that cannot be understood is locked",
      { commandLine: WRONG, lock: "alowed", typed: "echo typed $((40 + 2))\n" },
      STOPPED,
      /^(?![\s\S]*typed 42)[\s\S]*the machine halts/,
    ],
    [
      "reboot typed in the shell of a failed boot reaches the first process",
      { commandLine: WRONG, typed: "/bin/busybox reboot\nsleep 20\n" },
      RESTARTED,
      /SIGTERM: reboot/,
    ],
    [
      "poweroff, too",
      { commandLine: WRONG, typed: "/bin/busybox poweroff\nsleep 20\n" },
      STOPPED,
      /SIGUSR2: poweroff/,
    ],
    [
      "a place for the account that cannot be written to changes nothing of the policy",
      { commandLine: `${WRONG} statelite.onfail=poweroff`, before: "mount -o remount,bind,ro /run" },
      STOPPED,
      /could not be told everywhere: EROFS/,
    ],
  ];
  test.each(rows)("%s", async (_, given, status, says) => {
    const booted = await bootOn(given);
    expect(booted.said).toMatch(says);
    expect(booted.status).toBe(status);
  });
});

test("a failed boot says its four parts on the console and a line in the kernel's log, and leaves log and report", async () => {
  const { said, kernel, read } = await bootOn({ commandLine: WRONG, typed: "exit\n" });
  expect(said).toMatch(
    /doing {3}read the kernel command line\n {2}on {6}XCAT=::\n {2}found .*\n {2}remedy .*\n {2}code {4}cmdline-value\n/,
  );
  expect(kernel).toMatch(/^<3>statelite: fatal \(cmdline-value\): read the kernel command line: XCAT=::/m);
  expect(kernel).toMatch(
    /^<3>statelite: the boot of this node has failed \(statelite.onfail=shell: a shell on this console\)/m,
  );
  expect(read("run/statelite.log")).toContain(
    "fatal problem (cmdline-value): read the kernel command line: XCAT=::",
  );
  expect(JSON.parse(read("run/statelite.json"))).toMatchObject({
    ok: false,
    problems: [{ class: "fatal", code: "cmdline-value" }],
  });
});

test("what a terminal would obey is shown, on the console, in the kernel's log, in the account", async () => {
  const evil = "XCAT=mn\u001b[2J\u009b0m\r<0>forged\u202e";
  const { said, kernel, read } = await bootOn({
    commandLine: `NFSROOT=mn:/i statelite.onfail_delay=0 ${evil}`,
    typed: "exit\n",
  });
  const account = read("run/statelite.log");
  for (const text of [said, kernel, account]) {
    expect(text).toContain("\\x1b[2J\\x9b0m");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  }
  // A record of the kernel's log begins where a line begins: nobody else begins one.
  expect(kernel.split("\n").filter((line) => line !== "" && !line.startsWith("<3>statelite: "))).toEqual([]);
});

test("an exception that nobody foresaw ends in the same policy, with its stack in the log", async () => {
  const before = "mount --bind /proc/self/mem /proc/cmdline";
  // The policy is the default's, and so is its delay: a shell that ends at once would be waited for.
  const { status, said, read } = await bootOn({ commandLine: WRONG, before, typed: "sleep 4\nexit\n" });
  expect(said).toMatch(
    /ESRCH[\s\S]*at runInit[\s\S]*this is a mistake in the agent[\s\S]*a shell on this console/,
  );
  expect(JSON.parse(read("run/statelite.json"))).toMatchObject({ problems: [{ code: "unforeseen" }] });
  expect(read("run/statelite.log")).toContain("at runInit");
  expect(status).toBe(RESTARTED);
}, 30_000);

test.each([
  [
    "a promise that fails and that nobody waits for",
    'void Promise.reject(new Error("nobody waits"));',
    "nobody waits",
  ],
  ["an exception in a timer", 'throw new Error("in a timer");', "in a timer"],
  ["memory that cannot be had", "void new Uint8Array(2 ** 50);", /memory|length|size/i],
])("whatever fails behind the boot's back: %s", async (_, mistake, found) => {
  const commandLine =
    "NFSROOT=10.0.0.1:/image XCAT=10.0.0.1 NODE=n01 statelite.onfail=poweroff statelite.onfail_delay=0";
  // Once the agent listens for what fails: before that there is no boot yet.
  const later = `const timer = setInterval(() => {
    if (process.listenerCount("uncaughtException") === 0) return;
    clearInterval(timer);
    ${mistake}
  }, 50);`;
  const { status, read } = await bootOn({ commandLine, before: NO_MODULES, mistake: later });
  expect(JSON.parse(read("run/statelite.json"))).toMatchObject({
    ok: false,
    problems: [{ code: "unforeseen", found: expect.stringMatching(found) }],
  });
  expect(status).toBe(STOPPED);
});

test("a boot that takes too long: the message names the phase, and what the log said last", async () => {
  // No network at all: the agent waits for an interface until the deadline of the whole boot.
  const commandLine =
    "NFSROOT=10.0.0.1:/image XCAT=10.0.0.1 NODE=n01 statelite.deadline=1 statelite.onfail=poweroff statelite.onfail_delay=0";
  const { status, said, read } = await bootOn({ commandLine, before: NO_MODULES });
  expect(JSON.parse(read("run/statelite.json"))).toMatchObject({ problems: [{ code: "deadline" }] });
  expect(said).toMatch(/doing {3}boot this node\n {2}on {6}the phase network, after: /);
  expect(said).toContain("the real init was not started within 1 s (statelite.deadline)");
  expect(status).toBe(STOPPED);
});

test("a shell that is asked for and not opened does not lift the deadline", async () => {
  const commandLine =
    "NFSROOT=10.0.0.1:/image XCAT=10.0.0.1 NODE=n01 shell statelite.deadline=1 statelite.onfail=poweroff statelite.onfail_delay=0";
  const { status, read } = await bootOn({ commandLine, before: NO_MODULES, lock: "refused" });
  expect(JSON.parse(read("run/statelite.json"))).toMatchObject({ problems: [{ code: "deadline" }] });
  expect(status).toBe(STOPPED);
});

test("a console that takes nothing holds nobody up: the policy runs, and everything is in the kernel's log and the account", async () => {
  // A pipe that is full, and that nobody reads: a terminal that was stopped with Ctrl-S is no other.
  const before = `mkfifo /run/full
    exec 9<>/run/full
    dd if=/dev/zero of=/run/full bs=4096 oflag=nonblock status=none 2>/dev/null
    exec >/run/full 2>&1`;
  const commandLine = `${WRONG} statelite.onfail=poweroff`;
  const { status, kernel, read } = await bootOn({ commandLine, before });
  expect(status).toBe(STOPPED);
  expect(kernel).toContain("fatal (cmdline-value): read the kernel command line: XCAT=::");
  expect(read("run/statelite.log")).toContain("THE BOOT OF THIS NODE HAS FAILED");
});

test("with onfail=reboot the kernel restarts, too, should the agent itself die", async () => {
  const { read } = await bootOn({ commandLine: `${WRONG} statelite.onfail=reboot` });
  expect(read("panic")).toBe("1\n");
});

test("a shell behind a password is opened by it, and by nothing else", async () => {
  const { command } = prepare({ commandLine: WRONG, lock: "password\n" });
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  // A terminal: who reads passwords throws away what was typed before it asked.
  const child = Bun.spawn(["script", "-qec", quoted, "/dev/null"], { stdin: "pipe", ...PIPES });
  let said = "";
  const typing = [
    ["normal startup):", "echo typed $((40 + 2))\n"],
    ["Login incorrect", ""],
    ["normal startup):", `${PASSWORD}\n`],
    ["starting shell", "echo typed $((40 + 3))\nexit\n"],
  ] as const;
  let [step, from] = [0, 0];
  for await (const chunk of child.stdout) {
    said += Buffer.from(chunk).toString();
    for (;;) {
      const [prompt, line] = typing[step] ?? [];
      const at = prompt === undefined ? -1 : said.indexOf(prompt, from);
      if (prompt === undefined || at < 0) break;
      [step, from] = [step + 1, at + prompt.length];
      // Typed once it is listened to: the prompt comes just before that.
      await Bun.sleep(200);
      child.stdin.write(line);
    }
  }
  expect(said).toContain("typed 43");
  expect(said).not.toContain("typed 42");
  expect(await child.exited).toBe(RESTARTED);
}, 30_000);
