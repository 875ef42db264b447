import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import invariant from "tiny-invariant";
import { BootError, type Problem } from "../../agent/errors.ts";
import { setPartitions } from "../../agent/kernel/block.ts";
import { directCalls } from "../../agent/kernel/calls.ts";
import { MNT_DETACH, MS } from "../../agent/kernel/constants.ts";
import { mount, umount } from "../../agent/kernel/mount.ts";
import { carryOutDisks } from "../../agent/localdisk/carry-out.ts";
import { partitionNumbers } from "../../agent/localdisk/devices.ts";
import { setUpLocalDisk } from "../../agent/localdisk/local-disk.ts";
import { runScript } from "../../agent/localdisk/script.ts";
import { BootLog } from "../../agent/log.ts";
import { Root } from "../../agent/observe/root.ts";

/** Disks that are partitioned, formatted and mounted for real: files behind loop devices. Swapping is tried in QEMU. */

const MIB = 1 << 20;

interface Node extends Disposable {
  readonly disk: string;
  readonly root: string;
  /** What became of the partition file. */
  boot(file: string): Promise<{ at?: string | undefined; problems: readonly Problem[]; log: string }>;
  /** Switches the machine off and on: nothing is mounted, the disk comes anew with the partitions of its table. */
  restart(): void;
}

interface NodeSpec {
  /** The image may be written, as one in memory. */
  readonly writable?: boolean;
  /** Directories of the image beside the usual ones. */
  readonly directories?: readonly string[];
  /** Programs of this host, which the image has. */
  readonly tools?: boolean;
}

function run(...argv: string[]): string {
  const { status, stdout, stderr } = spawnSync(argv[0] ?? "", argv.slice(1), { timeout: 20_000 });
  invariant(status === 0, `${argv.join(" ")}: ${stderr}`);
  return stdout.toString().trim();
}

function makeNode({
  writable = false,
  directories = [".sllocal/localmnt"],
  tools = true,
}: NodeSpec = {}): Node {
  const base = mkdtempSync(join(tmpdir(), "statelite-disk-"));
  const [image, root, file] = [join(base, "image"), join(base, "root"), join(base, "disk")];
  for (const name of ["dev", "proc", "usr", ...directories])
    mkdirSync(join(image, name), { recursive: true });
  for (const name of ["bin", "sbin", "lib", "lib64"]) symlinkSync(`usr/${name}`, join(image, name));
  mkdirSync(root);
  writeFileSync(file, "");
  truncateSync(file, 64 * MIB);
  let disk = attach(file);
  const start = () => {
    mount(image, root, "", MS.BIND, "");
    if (tools) mount("/usr", join(root, "usr"), "", MS.BIND, "");
    if (!writable) mount("", root, "", MS.BIND | MS.REMOUNT | MS.RDONLY, "");
  };
  start();
  return {
    get disk() {
      return disk;
    },
    root,
    async boot(text) {
      const log = new BootLog({ console: () => undefined, now: () => 0, verbose: true });
      const held = new Root(root, directCalls);
      const replies = ["type=format", ...text.replaceAll("DISK", disk).split("\n")];
      const context = {
        root: held,
        calls: directCalls,
        log,
        loadModules: () => Promise.resolve(),
        appearSeconds: 0,
      };
      try {
        const at = await setUpLocalDisk({ replies }, context);
        return { at, problems: [], log: log.lines.map((line) => line.text).join("\n") };
      } catch (error) {
        if (!(error instanceof BootError)) throw error;
        return { problems: error.problems, log: log.lines.map((line) => line.text).join("\n") };
      } finally {
        await held.close();
      }
    },
    restart() {
      umount(root, MNT_DETACH);
      detach(disk);
      disk = attach(file);
      // This kernel may not read tables by itself.
      if (partitionNumbers(disk).length === 0) spawnSync("partx", ["--add", disk]);
      start();
    },
    [Symbol.dispose]() {
      umount(root, MNT_DETACH);
      detach(disk);
      rmSync(base, { recursive: true });
    },
  };
}

function attach(file: string): string {
  return run("losetup", "--find", "--show", file);
}

function detach(disk: string): void {
  const fd = openSync(disk, "r");
  try {
    setPartitions(fd, partitionNumbers(disk), []);
  } finally {
    closeSync(fd);
  }
  run("losetup", "--detach", disk);
}

const FORMAT = (more = "parts=50,50") => `enable=yes
enablepart=yes
[disk]
dev=DISK
${more}
[localspace]
dev=DISKp1
`;

const blank = (disk: string) => readFileSync(disk).every((byte) => byte === 0);
const typeOf = (device: string) =>
  run("blkid", "--probe", "--output", "value", "--match-tag", "TYPE", device);
const localSpace = (node: Node) => join(node.root, ".sllocal/localmnt");

describe("a blank disk", () => {
  for (const table of ["msdos", "gpt"]) {
    test(`gets its partitions and a local space (${table}), and the next boot finds what was written there`, async () => {
      using node = makeNode();
      const file = FORMAT(`ptype=${table}\nparts=50,50`);
      const first = await node.boot(file);
      expect(first.problems).toEqual([]);
      expect(first.at).toBe("/.sllocal/localmnt");
      expect(run("findmnt", "--noheadings", "--output", "FSTYPE,SOURCE", localSpace(node))).toBe(
        `ext4   ${node.disk}p1`,
      );
      expect(typeOf(`${node.disk}p2`)).toBe("ext4");
      expect(run("blkid", "--probe", "--output", "value", "--match-tag", "PTTYPE", node.disk)).toBe(
        table === "gpt" ? "gpt" : "dos",
      );
      expect(existsSync(join(node.root, "dev/null"))).toBe(false);
      writeFileSync(join(localSpace(node), "kept"), "kept\n");
      node.restart();
      const second = await node.boot(file);
      expect(second.problems).toEqual([]);
      expect(second.log).toContain("is left as it is: it holds 2 partitions");
      expect(readFileSync(join(localSpace(node), "kept"), "utf8")).toBe("kept\n");
    });
  }

  test("stays blank without enablepart=yes", async () => {
    using node = makeNode();
    const { problems } = await node.boot(FORMAT().replace("enablepart=yes", "enablepart=no"));
    expect(problems.map(({ on, found }) => `${on}: ${found}`)).toEqual([
      `${node.disk}p1: there is no such device on this node`,
    ]);
    expect(blank(node.disk)).toBe(true);
  });

  test("stays blank with enable=no", async () => {
    using node = makeNode();
    const { at, problems } = await node.boot(FORMAT().replace("enable=yes", "enable=no"));
    expect({ at, problems }).toEqual({ at: undefined, problems: [] });
    expect(blank(node.disk)).toBe(true);
  });

  test("stays blank where the image has no program to make the file system", async () => {
    using node = makeNode({ tools: false });
    const { problems } = await node.boot(FORMAT());
    expect(problems[0]?.found).toBe("the image has no mkfs.ext4; nothing was changed");
    expect(problems[0]?.remedy).toContain("install e2fsprogs in the image");
    expect(blank(node.disk)).toBe(true);
  });

  test("is what it was where only one of two disks can be had", async () => {
    using node = makeNode();
    const { problems } = await node.boot(FORMAT("parts=50M-60M,10M-20M"));
    expect(problems.map(({ found }) => found)).toEqual(["part 2: it begins before the one before it ends"]);
    expect(blank(node.disk)).toBe(true);
  });
});

describe("a disk that holds something", () => {
  test("is made anew with clear=yes, at every boot", async () => {
    using node = makeNode();
    await node.boot(FORMAT("clear=yes\nparts=100"));
    writeFileSync(join(localSpace(node), "lost"), "lost\n");
    node.restart();
    const second = await node.boot(FORMAT("clear=yes\nfstype=ext3\nparts=30,30,40"));
    expect(second.problems).toEqual([]);
    expect(second.log).toMatch(/partition .* lost is: 1 partitions \(\/dev\/loop\d+p1\)/);
    expect(second.log).toContain("set enablepart=no if that is not wanted");
    expect(existsSync(join(localSpace(node), "lost"))).toBe(false);
    expect([1, 2, 3].map((number) => typeOf(`${node.disk}p${number}`))).toEqual(["ext3", "ext3", "ext3"]);
  });

  test("is not touched while something uses it", async () => {
    using node = makeNode();
    await node.boot(FORMAT());
    writeFileSync(join(localSpace(node), "kept"), "kept\n");
    const before = readFileSync(node.disk).subarray(0, MIB);
    const { problems } = await node.boot(FORMAT("clear=yes\nparts=100"));
    expect(problems[0]?.code).toBe("local-disk-partition");
    expect(problems[0]?.found).toContain("EBUSY");
    expect(readFileSync(node.disk).subarray(0, MIB).equals(before)).toBe(true);
    expect(readFileSync(join(localSpace(node), "kept"), "utf8")).toBe("kept\n");
  });

  test("is not formatted where it is named as local space with another file system", async () => {
    using node = makeNode();
    await node.boot(FORMAT());
    node.restart();
    const { problems } = await node.boot(`${FORMAT()}fstype=xfs`);
    expect(problems[0]?.found).toBe(
      "it holds a file system (ext4); a file system (xfs) was wanted for [localspace]",
    );
    expect(typeOf(`${node.disk}p1`)).toBe("ext4");
  });

  test("a damaged file system is a message of the kernel's, not a new file system", async () => {
    using node = makeNode();
    await node.boot(FORMAT());
    node.restart();
    // The magic stays, the rest of the superblock does not.
    spawnSync("dd", ["if=/dev/urandom", `of=${node.disk}p1`, "bs=1", "seek=1084", "count=4", "conv=notrunc"]);
    run("dd", "if=/dev/zero", `of=${node.disk}p1`, "bs=1", "seek=1024", "count=24", "conv=notrunc");
    const { problems } = await node.boot(FORMAT());
    expect(problems[0]?.code).toBe("local-disk-mount");
    expect(problems[0]?.remedy).toContain("fsck");
  });
});

test("a swap space is made where nothing else uses the device", async () => {
  using node = makeNode();
  await node.boot(FORMAT());
  const device = `${node.disk}p2`;
  const log = new BootLog({ console: () => undefined, now: () => 0, verbose: true });
  const root = new Root(node.root, directCalls);
  const context = { root, calls: directCalls, log, loadModules: () => Promise.resolve() };
  await carryOutDisks([{ kind: "mkswap", device }], context);
  expect(typeOf(device)).toBe("swap");
  const used = carryOutDisks([{ kind: "mkswap", device: `${node.disk}p1` }], context);
  expect(await used.catch((error: unknown) => String(error))).toContain("EBUSY");
  expect(typeOf(`${node.disk}p1`)).toBe("ext4");
  await root.close();
});

test("a disk that is not there is waited for, and then said", async () => {
  using node = makeNode();
  const { problems } = await node.boot(FORMAT().replaceAll("DISK", "/dev/vdz"));
  expect(problems.map(({ on, found }) => `${on}: ${found}`)).toEqual([
    "/dev/vdz: there is no such device on this node",
  ]);
});

describe("the local space's place", () => {
  test("is made in a root that can be written", async () => {
    using node = makeNode({ writable: true, directories: [] });
    expect((await node.boot(FORMAT())).at).toBe("/.sllocal/localmnt");
    expect(run("findmnt", "--noheadings", "--output", "FSTYPE", localSpace(node))).toBe("ext4");
  });

  test("is a directory in a tmpfs where the image has only the one above", async () => {
    using node = makeNode({ directories: [".sllocal"] });
    expect((await node.boot(FORMAT())).problems).toEqual([]);
    expect(run("findmnt", "--noheadings", "--output", "FSTYPE", localSpace(node))).toBe("ext4");
  });

  test("missing in an image is said before a disk is touched", async () => {
    using node = makeNode({ directories: [] });
    const { problems } = await node.boot(FORMAT());
    expect(problems[0]?.on).toBe("/.sllocal/localmnt");
    expect(problems[0]?.found).toContain("ENOENT");
    expect(problems[0]?.remedy).toBe("mkdir -p /.sllocal/localmnt in the image's rootimg on the server");
    expect(blank(node.disk)).toBe(true);
  });
});

describe("a script", () => {
  const base = mkdtempSync(join(tmpdir(), "statelite-script-"));
  const place = join(base, "localmnt");
  mkdirSync(place);

  async function runIt(text: string, seconds = 20) {
    const log = new BootLog({ console: () => undefined, now: () => 0, verbose: true });
    const request = { text, root: "/sysroot", localSpace: place, node: "n01", seconds };
    const result = await runScript(request, log, join(base, "script")).catch((error: unknown) => {
      if (!(error instanceof BootError)) throw error;
      return error.problems[0]?.found;
    });
    return {
      result,
      said: log.lines.map((line) => line.text).filter((line) => line.startsWith("partition script: ")),
    };
  }

  test("mounts the local space where it is told to, and what it says is in the log", async () => {
    const { result, said } = await runIt(
      'echo "for $NODE"; echo to stderr >&2; mount -t tmpfs none "$STATELITE_LOCALMNT"',
    );
    umount(place, 0);
    expect(result).toBe(true);
    expect(said.sort()).toEqual(["partition script: for n01", "partition script: to stderr"]);
  });

  test("that mounts nothing is fine, and there is no local space", async () => {
    expect((await runIt("true")).result).toBe(false);
  });

  test("that fails ends with its status", async () => {
    expect((await runIt("echo no disk; exit 3")).result).toBe("it ended with status 3");
    expect((await runIt("kill -9 $$")).result).toBe("SIGKILL has ended it");
  });

  test("that takes too long ends, with all that it started", async () => {
    const { result, said } = await runIt("sleep 1000 & echo $!; wait", 1);
    expect(result).toBe("it was killed after 1 s");
    const pid = said[0]?.split(" ").at(-1) ?? "";
    await Bun.sleep(50);
    expect(isRunning(pid)).toBe(false);
  });

  test("that never ends its line or its output does not fill the memory", async () => {
    const { result, said } = await runIt("head -c 3000000 /dev/zero | tr '\\0' x; yes | head -n 30000");
    expect(result).toBe(false);
    expect(said.length).toBeLessThan(10_002);
    expect(Math.max(...said.map((line) => line.length))).toBeLessThan(600);
    rmSync(base, { recursive: true });
  });
});

/** Whoever was its parent is gone; it may wait as a zombie for the one who inherited it. */
function isRunning(pid: string): boolean {
  invariant(/^\d+$/.test(pid), pid);
  const status = existsSync(`/proc/${pid}`) ? readFileSync(`/proc/${pid}/stat`, "utf8") : "";
  return status !== "" && !/\) Z /.test(status);
}

test("nothing of the agent's own is left on /dev and /proc of the root", async () => {
  using node = makeNode();
  await node.boot(FORMAT());
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(node.root));
  expect(mounts.map((line) => basename(line.split(" ")[4] ?? "")).sort()).toEqual([
    "localmnt",
    "root",
    "usr",
  ]);
});
