import { describe, expect, test } from "bun:test";
import { hiddenMemory, mountAt, parseMountinfo } from "../../../qemu/demo/facts.ts";

const mountinfo = [
  "22 1 0:20 / / ro,nodev - nfs4 10.0.0.1:/install/rootimg ro,vers=4.2",
  "23 22 0:21 / /.statelite rw,relatime - tmpfs tmpfs rw,mode=755",
  "24 22 0:21 /tmpfs/etc/motd /etc/motd rw - tmpfs tmpfs rw",
  "25 22 0:22 / /mnt/with\\040blank ro master:3 - nfs4 server:/a\\040b rw",
  "26 22 0:23 / /.statelite rw - tmpfs second rw",
  "",
].join("\n");

describe("mountinfo", () => {
  const mounts = parseMountinfo(mountinfo);

  test("options are those of the mount and of its file system", () => {
    expect([...(mountAt(mounts, "/")?.options ?? [])]).toEqual(["ro", "nodev", "vers=4.2"]);
  });

  test("blanks are taken back, and optional fields stepped over", () => {
    expect(mountAt(mounts, "/mnt/with blank")?.source).toBe("server:/a b");
  });

  test("what is on top at a path is what was mounted last", () => {
    expect(mountAt(mounts, "/.statelite")?.source).toBe("second");
  });
});

describe("memory that no visible file system holds", () => {
  const mounts = parseMountinfo(mountinfo);
  const meminfo = (shmem: number, unevictable: number) =>
    `Shmem:  ${shmem} kB\nUnevictable:  ${unevictable} kB\n`;
  const df = "1000 900 4096 /etc/motd\n";

  test.each([
    ["all of it is in a file system that is mounted", 400, 0, 0],
    ["an initramfs as tmpfs is left", 100_400, 0, 100_000],
    ["an initramfs as ramfs is left", 400, 100_000, 100_000],
  ])("%s", (_, shmem, unevictable, hidden) => {
    expect(hiddenMemory(meminfo(shmem, unevictable), df, mounts)).toBe(hidden);
  });

  test("a file system that is bound to several places counts once", () => {
    const twice = `${df}${df}`;
    expect(hiddenMemory(meminfo(400, 0), twice, mounts)).toBe(0);
  });
});
