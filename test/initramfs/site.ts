import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { InitrdManifest, InitrdSpec } from "../../initramfs/initrd.ts";
import type { KernelModules } from "../../initramfs/module-files.ts";
import { REQUIRED_MODULES } from "../../initramfs/module-list.ts";

const RELEASE = "6.1.0-test";

/** The content of each module file, in the forms that distributions have them in. */
const MODULES: Readonly<Record<string, Uint8Array>> = {
  "kernel/drivers/net/virtio_net.ko": Buffer.from("plain module"),
  "kernel/fs/overlay.ko.gz": Bun.gzipSync(Buffer.from("module from gz")),
  "kernel/fs/nfs.ko.zst": Bun.zstdCompressSync(Buffer.from("module from zst")),
  "kernel/fs/nfsv4.ko.xz": Bun.spawnSync(["xz", "-c"], { stdin: Buffer.from("module from xz") }).stdout,
};

/** A kernel's module tree with every required module in it, most of them built in. */
export async function makeKernel(folder: string): Promise<KernelModules> {
  const modulesDir = join(folder, RELEASE);
  for (const [path, data] of Object.entries(MODULES)) {
    mkdirSync(dirname(join(modulesDir, path)), { recursive: true });
    await Bun.write(join(modulesDir, path), data);
  }
  const [net, overlay, nfs, nfsv4] = Object.keys(MODULES);
  await Bun.write(join(modulesDir, "modules.dep"), `${net}:\n${overlay}:\n${nfs}:\n${nfsv4}: ${nfs}\n`);
  const builtin = REQUIRED_MODULES.filter(
    (name) => !Object.keys(MODULES).some((path) => path.includes(`${name}.ko`)),
  );
  await Bun.write(join(modulesDir, "modules.builtin"), builtin.map((name) => `kernel/${name}.ko\n`).join(""));
  return { version: RELEASE, modulesDir };
}

/** A small initrd of a small kernel; any dynamic program stands in for the agent. */
export async function smallSite(folder: string): Promise<InitrdSpec> {
  const kernel = await makeKernel(join(folder, "modules"));
  return { kernel, agent: "/bin/ls", busybox: "/bin/busybox", level: 1, out: join(folder, "test.initrd") };
}

/** Unpacks segment after segment with the system's own tools, as the kernel would. */
export async function unpack(manifest: InitrdManifest, root: string): Promise<void> {
  mkdirSync(root, { recursive: true });
  let at = 0;
  const initrd = await Bun.file(manifest.out).bytes();
  for (const segment of manifest.segments) {
    const frame = initrd.subarray(at, at + segment.compressed);
    at += segment.compressed;
    const archive = Bun.spawnSync(["zstd", "-dc"], { stdin: frame });
    const files = Bun.spawnSync(["cpio", "-idmu", "--quiet", "--nonmatching", "dev/*"], {
      stdin: archive.stdout,
      cwd: root,
    });
    if (archive.exitCode !== 0 || files.exitCode !== 0) {
      throw new Error(`${segment.name}: ${archive.stderr}${files.stderr}`);
    }
  }
}

/** A certificate authority, as a PEM file. */
export function makeCa(file: string): string {
  const { exitCode, stderr } = Bun.spawnSync([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-subj", "/CN=Test CA", "-keyout", `${file}.key`, "-out", file],
  ]);
  if (exitCode !== 0) throw new Error(stderr.toString());
  return file;
}
