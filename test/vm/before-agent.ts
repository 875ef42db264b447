import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type CpioEntry, cpioArchive } from "../../initramfs/cpio.ts";
import { debianKernel } from "../../initramfs/kernel.ts";
import { sharedLibraries } from "../../initramfs/libraries.ts";
import { readPlain } from "../../initramfs/plain-file.ts";
import { run } from "../../qemu/command.ts";
import type { Lab } from "../../qemu/lab.ts";
import { built, out, project } from "../../qemu/paths.ts";

/** What is done on a node before its initrd begins. */
export interface Before {
  /** Of a shell; the file systems of the kernel are mounted. */
  readonly script: string;
  /** Programs of this host, by their name in /before. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Kernel modules, as /before/NAME.ko. */
  readonly modules?: readonly string[];
}

/** The initrd as it is, and behind it an archive whose /init comes first; the kernel unpacks one after the other. */
export async function initrdWithBefore(
  lab: Lab,
  { script, programs = {}, modules = [] }: Before,
): Promise<string> {
  const file = (path: string, data: Uint8Array): CpioEntry => ({ kind: "file", path, mode: 0o755, data });
  const entries = new Map<string, CpioEntry>();
  const add = (entry: CpioEntry): unknown => entries.set(entry.path, entry);
  add(file("init", Buffer.from(`${BEGIN}${script}${END}`)));
  add(file("before/init", readFileSync(join(project, "initramfs/files/init"))));
  for (const [name, path] of Object.entries(programs)) {
    const program = readFileSync(path);
    add(file(`before/${name}`, program));
    for (const library of await sharedLibraries(path, program)) add(library);
  }
  const { modulesDir } = await debianKernel(join(out, "kernel"), console.log);
  for (const name of modules) {
    const found = (await run(["find", modulesDir, "-name", `${name}.ko*`], { seconds: 10 })).trim();
    add(file(`before/${basename(name)}.ko`, await readPlain(found, "read a module")));
  }
  const plain = readFileSync(built.initrd);
  const padding = Buffer.alloc((4 - (plain.length % 4)) % 4);
  const initrd = join(lab.directory, "before.initrd");
  writeFileSync(initrd, Buffer.concat([plain, padding, cpioArchive([...entries.values()])]));
  return initrd;
}

const BEGIN = `#!/bin/sh
export PATH=/bin:/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
`;
const END = `umount /dev /sys /proc
exec /before/init
`;
