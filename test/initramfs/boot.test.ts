import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../initramfs/compile.ts";
import { buildInitrd } from "../../initramfs/initrd.ts";
import { type DebianKernel, debianKernel } from "../../initramfs/kernel.ts";
import { scratch } from "./scratch.ts";

/**
 * A real kernel boots a real initrd, in which a small program compiled by Bun stands in for the agent: the
 * kernel unpacks the segments, /init does its part, modules load. The agent's own boots are in test/vm.
 */

const PROJECT = join(import.meta.dirname, "../..");
/** Emulated, with the machine's processors shared with other tests. */
const LIMIT = 120_000;

/** Says what PID 1 finds, one JSON line, and ends the machine. */
const STAND_IN = `
  import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
  const sh = (line) => Bun.spawnSync(["/bin/sh", "-c", line]).exitCode;
  const found = {
    pid: process.pid,
    argv: process.argv.slice(2),
    env: process.env,
    terminal: [0, 1, 2].map((fd) => readlinkSync("/proc/self/fd/" + fd)),
    etc: readdirSync("/etc/statelite").sort(),
    ca: existsSync("/etc/statelite/ca.pem"),
    build: JSON.parse(readFileSync("/etc/statelite/build.json", "utf8")).kernel,
    modules: ["virtio_pci", "virtio_net", "nfsv3", "nfsv4", "overlay", "squashfs", "loop", "sch_netem"].filter((name) => sh("modprobe " + name) !== 0),
    nfs: readFileSync("/proc/filesystems", "utf8").includes("nfs4"),
    network: readdirSync("/sys/class/net").sort(),
  };
  console.log("FOUND " + JSON.stringify(found));
  sh("reboot -f");
`;

let kernel: DebianKernel;
let initrd: string;
/** The same, built with --shell=refused. */
let locked: string;
const folder = scratch();

beforeAll(async () => {
  kernel = await debianKernel(join(PROJECT, "out/kernel"), console.log);
  writeFileSync(join(folder.path, "main.ts"), STAND_IN);
  const agent = join(folder.path, "stand-in");
  const cacheDir = join(folder.path, "cache");
  await compile({
    project: folder.path,
    entrypoints: ["main.ts"],
    inputs: ["main.ts"],
    out: agent,
    cacheDir,
  });
  initrd = join(folder.path, "test.initrd");
  await buildInitrd({ kernel, agent, busybox: "/bin/busybox", level: 1, out: initrd });
  locked = join(folder.path, "locked.initrd");
  const shell = { lock: "refused" } as const;
  await buildInitrd({ kernel, agent, busybox: "/bin/busybox", level: 1, out: locked, shell });
  rmSync(agent);
}, LIMIT);

afterAll(() => folder[Symbol.dispose]());

/** Boots until the console shows the sign, or the machine ends by itself; gives all that was on the console. */
async function boot(cpu: string, parameters: string, sign: RegExp, from = initrd): Promise<string> {
  const machine = Bun.spawn(
    [
      ...["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
      ...["-accel", "tcg,thread=multi", "-cpu", cpu, "-m", "768", "-smp", "2", "-serial", "stdio"],
      ...["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="],
      ...["-kernel", kernel.vmlinuz, "-initrd", from],
      ...["-append", `console=ttyS0 panic=-1 ${parameters}`],
    ],
    { stdin: "ignore", stdout: "pipe", stderr: "inherit", timeout: LIMIT, killSignal: "SIGKILL" },
  );
  let said = "";
  try {
    const decoder = new TextDecoder();
    for await (const bytes of machine.stdout) {
      said += decoder.decode(bytes, { stream: true });
      if (sign.test(said)) break;
    }
    return said.replaceAll("\r", "");
  } finally {
    machine.kill("SIGKILL");
    await machine.exited;
  }
}

describe("a kernel with this initrd", () => {
  test(
    "starts the agent as PID 1 on the console, in a clean environment, with modules that load",
    async () => {
      const said = await boot("max", "BUN_OPTIONS=--nonsense FOO=bar stray", /^FOUND .*\n/m);
      const found = /^FOUND (.*)$/m.exec(said)?.[1];
      expect(said.slice(-2000)).toContain("FOUND ");
      expect(JSON.parse(found ?? "{}")).toEqual({
        pid: 1,
        argv: ["init"],
        env: {
          PATH: "/bin:/sbin",
          HOME: "/",
          TERM: "linux",
          UV_THREADPOOL_SIZE: "32",
          BUN_JSC_useDFGJIT: "false",
        },
        terminal: ["/dev/console", "/dev/console", "/dev/console"],
        etc: ["build.json", "cpu", "shell", "udhcpc.script"],
        ca: false,
        build: kernel.version,
        modules: [],
        nfs: true,
        network: ["eth0", "lo"],
      });
    },
    LIMIT,
  );

  test(
    "says on a processor without AVX2 what is wrong and what to do, and leaves a shell",
    async () => {
      const said = await boot("qemu64", "", /a shell follows.*~ # |Kernel panic/s);
      expect(said).toContain("this processor has no avx2");
      expect(said).toContain("-cpu max");
      expect(said).toContain("npm run build -- --baseline");
      expect(said).not.toContain("Kernel panic");
    },
    LIMIT,
  );

  test(
    "leaves no shell there either where it was built with --shell=refused",
    async () => {
      const said = await boot("qemu64", "", /does not go on; .*\n|Kernel panic/s, locked);
      expect(said).toContain("the boot does not go on; this initrd was built with --shell=refused.");
      expect(said).not.toMatch(/a shell follows|~ #/);
    },
    LIMIT,
  );
});
