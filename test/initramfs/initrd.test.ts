import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProblemCode } from "../../agent/catalogue/catalogue.ts";
import { buildInitrd, type InitrdSpec } from "../../initramfs/initrd.ts";
import { formatManifest, warnings } from "../../initramfs/manifest.ts";
import { refusal } from "./refusal.ts";
import { scratch } from "./scratch.ts";
import { makeCa, smallSite, unpack } from "./site.ts";

describe("buildInitrd", () => {
  test("the same input gives the same bytes", async () => {
    using folder = scratch();
    const spec = await smallSite(folder.path);
    await buildInitrd(spec);
    const first = readFileSync(spec.out);
    await buildInitrd({ ...spec, out: `${spec.out}.again` });
    expect(readFileSync(`${spec.out}.again`)).toEqual(first);
  });

  test("a folder in the initrd's own place is said, and stays", async () => {
    using folder = scratch();
    const problem = await refusal(async () =>
      buildInitrd({ ...(await smallSite(folder.path)), out: folder.path }),
    );
    expect(problem).toMatchObject({ code: "builder-files", on: folder.path });
    expect(problem.found).toContain("EISDIR");
  });

  test("holds init, agent, busybox, modules, configuration and empty mount points", async () => {
    using folder = scratch();
    const spec = await smallSite(folder.path);
    const ca = makeCa(join(folder.path, "ca.pem"));
    const root = join(folder.path, "root");
    await unpack(await buildInitrd({ ...spec, ca, cpuFlags: ["avx2", "bmi2"] }), root);
    const read = (path: string) => readFileSync(join(root, path), "utf8");
    expect(readFileSync(join(root, "bin/statelite-agent"))).toEqual(readFileSync("/bin/ls"));
    for (const path of ["init", "bin/statelite-agent", "bin/busybox", "etc/statelite/udhcpc.script"]) {
      expect([path, statSync(join(root, path)).mode & 0o777]).toEqual([path, 0o755]);
    }
    expect(readlinkSync(join(root, "sbin/modprobe"))).toBe("/bin/busybox");
    expect(readlinkSync(join(root, "bin/sh"))).toBe("/bin/busybox");
    expect(["proc", "sys", "sysroot", "run", "tmp"].map((path) => readdirSync(join(root, path)))).toEqual(
      Array(5).fill([]),
    );
    expect(read("etc/statelite/ca.pem")).toBe(readFileSync(ca, "utf8"));
    expect(read("etc/statelite/cpu")).toBe("avx2\nbmi2\n");
    expect(JSON.parse(read("etc/statelite/build.json"))).toMatchObject({
      statelite: "0.1.0",
      kernel: "6.1.0-test",
      agent: { bytes: statSync("/bin/ls").size },
      ca: { sha256: new Bun.CryptoHasher("sha256").update(readFileSync(ca)).digest("hex") },
    });
    const modules = "lib/modules/6.1.0-test";
    expect(
      ["drivers/net/virtio_net", "fs/overlay", "fs/nfs", "fs/nfsv4"].map((name) =>
        read(`${modules}/kernel/${name}.ko`),
      ),
    ).toEqual(["plain module", "module from gz", "module from zst", "module from xz"]);
    expect(read(`${modules}/modules.dep`)).toContain("kernel/fs/nfsv4.ko: kernel/fs/nfs.ko\n");
  });

  test("the shell's lock, and of its password no more than the hash, for root alone to read", async () => {
    using folder = scratch();
    const spec = await smallSite(folder.path);
    const root = join(folder.path, "root");
    const hash = `$6$salt$${"x".repeat(86)}`;
    writeFileSync(join(folder.path, "hash"), `${hash}\n`);
    const shell = { lock: "password", hashFile: join(folder.path, "hash") } as const;
    await unpack(await buildInitrd({ ...spec, shell }), root);
    expect(readFileSync(join(root, "etc/statelite/shell"), "utf8")).toBe("password\n");
    expect(readFileSync(join(root, "etc/shadow"), "utf8")).toBe(`root:${hash}:::::::\n`);
    expect(statSync(join(root, "etc/shadow")).mode & 0o777).toBe(0o600);
  });

  test("pinned keys, and the nodes' certificate, whose key is root's alone; the manifest warns of it", async () => {
    using folder = scratch();
    const spec = await smallSite(folder.path);
    const root = join(folder.path, "root");
    const cert = makeCa(join(folder.path, "node.pem"));
    const pin = `sha256:${"A".repeat(43)}=`;
    const manifest = await buildInitrd({
      ...spec,
      identity: { pins: [pin], client: { cert, key: `${cert}.key` }, requireTls: true },
    });
    await unpack(manifest, root);
    expect(readFileSync(join(root, "etc/statelite/pins"), "utf8")).toBe(`${pin}\n`);
    expect(readFileSync(join(root, "etc/statelite/client.pem"))).toEqual(readFileSync(cert));
    expect(readFileSync(join(root, "etc/statelite/client.key"))).toEqual(readFileSync(`${cert}.key`));
    expect(readdirSync(join(root, "etc/statelite"))).toContain("tls-required");
    expect(statSync(join(root, "etc/statelite/client.key")).mode & 0o777).toBe(0o600);
    expect(warnings(manifest).join()).toContain("THE NODES' KEY IS IN THIS INITRD");
  });

  test("a key of another certificate", async () => {
    using folder = scratch();
    const client = {
      cert: makeCa(join(folder.path, "one.pem")),
      key: `${makeCa(join(folder.path, "two.pem"))}.key`,
    };
    const site = await smallSite(folder.path);
    const problem = await refusal(() => buildInitrd({ ...site, identity: { client } }));
    expect(problem).toMatchObject({
      code: "client-certificate",
      found: "the key is not that of the certificate",
    });
  });

  test("another CA compresses the configuration alone again", async () => {
    using folder = scratch();
    const spec = { ...(await smallSite(folder.path)), cacheDir: join(folder.path, "cache") };
    await buildInitrd(spec);
    const { segments } = await buildInitrd({ ...spec, ca: makeCa(join(folder.path, "ca.pem")) });
    expect(segments.map((segment) => [segment.name, segment.cached])).toEqual([
      ["agent", true],
      ["system", true],
      ["config", false],
    ]);
  });

  test("from the cache come the same bytes as without it", async () => {
    using folder = scratch();
    const spec = await smallSite(folder.path);
    const cacheDir = join(folder.path, "cache");
    await buildInitrd(spec);
    const fresh = readFileSync(spec.out);
    for (const _ of ["fill", "use"]) await buildInitrd({ ...spec, cacheDir, out: `${spec.out}.cached` });
    expect(readFileSync(`${spec.out}.cached`)).toEqual(fresh);
  });

  test("an initrd that is right already is not written again", async () => {
    using folder = scratch();
    const spec = await smallSite(folder.path);
    await buildInitrd(spec);
    const { ino } = statSync(spec.out);
    await buildInitrd(spec);
    expect(statSync(spec.out).ino).toBe(ino);
    await buildInitrd({ ...spec, cpuFlags: [] });
    expect(statSync(spec.out).ino).not.toBe(ino);
  });

  test("the manifest tells sizes and says loudly that there is no CA", async () => {
    using folder = scratch();
    const manifest = await buildInitrd(await smallSite(folder.path));
    expect(manifest.total).toBe(statSync(manifest.out).size);
    expect(formatManifest(manifest)).toMatch(/agent +\d+ +[\d.]+ MB +[\d.]+ (MB|kB)/);
    expect(warnings(manifest).join()).toContain("statelite.tls=insecure");
  });

  test("an initrd over the limit is called too large", async () => {
    using folder = scratch();
    const manifest = await buildInitrd({
      ...(await smallSite(folder.path)),
      ca: makeCa(join(folder.path, "ca.pem")),
    });
    expect(warnings(manifest)).toEqual([]);
    expect(warnings({ ...manifest, total: 48_000_001 }).join()).toContain("LARGER THAN 48.00 MB");
  });
});

type Change = (spec: InitrdSpec, folder: string) => Partial<InitrdSpec>;
const written = (folder: string, name: string, text: string) => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
const refusals: [string, Change, { code: ProblemCode; says: string[] }][] = [
  [
    "a module that the kernel does not have",
    () => ({ extraModules: ["tg3", "nfsv9"] }),
    {
      code: "module-missing",
      says: ["nfsv9", "tg3", "6.1.0-test", "modules.dep", "kernel-modules-extra", "depmod"],
    },
  ],
  [
    "a module whose file is gone",
    ({ kernel }) => {
      rmSync(join(kernel.modulesDir, "kernel/fs/overlay.ko.gz"));
      return { kernel };
    },
    { code: "module-missing", says: ["kernel/fs/overlay.ko.gz", "depmod 6.1.0-test"] },
  ],
  [
    "a kernel that is not there",
    (_, folder) => ({ kernel: { version: "9.9.9", modulesDir: join(folder, "9.9.9") } }),
    { code: "kernel-missing", says: ["9.9.9", "--kernel", "--modules"] },
  ],
  [
    "a kernel without depmod's lists",
    (_, folder) => ({ kernel: { version: "9.9.9", modulesDir: folder } }),
    { code: "kernel-missing", says: ["no modules.dep", "depmod 9.9.9"] },
  ],
  [
    "a release with a path in it",
    ({ kernel }) => ({ kernel: { ...kernel, version: "../../etc" } }),
    { code: "kernel-missing", says: ["../../etc"] },
  ],
  [
    "no agent",
    () => ({ agent: "/nowhere/agent" }),
    { code: "program-missing", says: ["/nowhere/agent", "--agent"] },
  ],
  [
    "an agent that is a script",
    (_, folder) => ({ agent: written(folder, "agent.sh", "#!/bin/sh\n") }),
    { code: "not-a-program", says: ["agent.sh", "out/statelite-agent"] },
  ],
  [
    "no busybox",
    () => ({ busybox: "/nowhere/busybox" }),
    { code: "program-missing", says: ["/nowhere/busybox", "busybox-static"] },
  ],
  [
    "a busybox that is none",
    () => ({ busybox: "/bin/true" }),
    { code: "busybox-applet", says: ["/bin/true", "udhcpc", "busybox-static"] },
  ],
  [
    "a CA file that is not there",
    () => ({ ca: "/nowhere/ca.pem" }),
    { code: "ca-unusable", says: ["/nowhere/ca.pem", "--ca"] },
  ],
  [
    "a CA file without a certificate",
    (_, folder) => ({ ca: written(folder, "empty.pem", "hello\n") }),
    { code: "ca-unusable", says: ["no certificate"] },
  ],
  [
    "a CA file with a damaged certificate",
    (_, folder) => ({
      ca: written(folder, "bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    }),
    { code: "ca-unusable", says: ["damaged"] },
  ],
  [
    "a CA file with its private key",
    (_, folder) => {
      const ca = makeCa(join(folder, "ca.pem"));
      return {
        ca: written(folder, "both.pem", readFileSync(ca, "utf8") + readFileSync(`${ca}.key`, "utf8")),
      };
    },
    { code: "ca-unusable", says: ["private key"] },
  ],
];

describe("refused, with what was looked for and the remedy", () => {
  test("a password in place of its hash, which the message does not show", async () => {
    using folder = scratch();
    const hashFile = join(folder.path, "hash");
    writeFileSync(hashFile, "hunter2\n");
    const spec = { ...(await smallSite(folder.path)), shell: { lock: "password", hashFile } as const };
    const problem = await refusal(() => buildInitrd(spec));
    expect(problem.code).toBe("shell-hash");
    expect(JSON.stringify(problem)).not.toContain("hunter2");
  });

  test.each(refusals)("%s", async (_, change, { code, says }) => {
    using folder = scratch();
    const spec = await smallSite(folder.path);
    const problem = await refusal(() => buildInitrd({ ...spec, ...change(spec, folder.path) }));
    expect(problem.code).toBe(code);
    const text = `${problem.on}: ${problem.found}; ${problem.remedy}`;
    expect(says.filter((word) => !text.includes(word))).toEqual([]);
    expect(readdirSync(folder.path)).not.toContain("test.initrd");
  });
});
