import { existsSync } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BootError, fatal } from "../agent/errors.ts";
import type { KernelModules } from "./module-files.ts";
import { type RunOptions, run } from "./run.ts";
import { unfinishedFolder } from "./unfinished.ts";

/** A kernel with its modules, unpacked, not installed. */
export interface DebianKernel extends KernelModules {
  /** The bootable image. */
  readonly vmlinuz: string;
}

/** What `kernel.json` remembers: paths are relative to its folder. */
const Remembered = z.object({
  package: z.string(),
  version: z.string(),
  vmlinuz: z.string(),
  modulesDir: z.string(),
});

/**
 * Debian's kernel for virtual machines, fetched with apt and unpacked into a folder. A kernel that is there
 * already is taken as it is, without asking apt: remove the folder to get the present one.
 *
 * @param folder of the project, e.g. `out/kernel`
 * @param say gets a line for a person before something takes long
 */
export async function debianKernel(folder: string, say: (line: string) => void): Promise<DebianKernel> {
  const known = await remembered(folder);
  if (known !== undefined) return known;
  try {
    return await fetchKernel(folder, say);
  } catch (error) {
    // Lists that are missing or older than the archive: apt-get update mends both, where it may run.
    if (!(error instanceof BootError) || process.getuid?.() !== 0) throw error;
    say(`${error.message}; trying once more after apt-get update`);
    await run(["apt-get", "-q", "update"], { ...APT, doing: "read Debian's package lists", seconds: 120 });
    return await fetchKernel(folder, say);
  }
}

const APT: Pick<RunOptions, "remedy"> = {
  remedy:
    "see that the network and /etc/apt/sources.list work and run apt-get update as root, or build for an " +
    "installed kernel: bun initramfs/build.ts --kernel VERSION",
};

async function fetchKernel(folder: string, say: (line: string) => void): Promise<DebianKernel> {
  const name = await kernelPackage();
  const work = await unfinishedFolder(folder, ".unpack-");
  try {
    say(`fetching Debian's ${name} into ${folder} (27 MB; it is not installed)`);
    await run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", name], {
      ...APT,
      doing: "download the kernel",
      seconds: 300,
      cwd: work,
    });
    const file = (await readdir(work)).find((item) => item.endsWith(".deb"));
    if (file === undefined) throw notUnderstood(name, "apt-get download left no .deb file");
    const tree = join(work, "tree");
    const remedy = "see that the disk has 300 MB left";
    await run(["dpkg", "-x", join(work, file), tree], { doing: "unpack the kernel", remedy, seconds: 120 });
    const found = await look(tree, name);
    // depmod wants the folder that lib/modules is in; newer packages have usr/lib/modules.
    const base = join(tree, found.modulesDir, "../../..");
    await run(["depmod", "-b", base, found.version], {
      doing: "list the kernel's modules",
      remedy: "install kmod",
      seconds: 60,
    });
    return await keep(folder, tree, name, found);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The package that the meta package stands for at present. */
async function kernelPackage(): Promise<string> {
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  const meta = `linux-image-cloud-${architecture}`;
  const shown = await run(["apt-cache", "show", "--no-all-versions", meta], {
    ...APT,
    doing: "look for Debian's kernel",
    seconds: 30,
  });
  const name = /^Depends:.*?\b(linux-image-\d[\w.+~-]*)/m.exec(Buffer.from(shown).toString())?.[1];
  if (name === undefined) throw notUnderstood(meta, "apt-cache shows no kernel that it depends on");
  return name;
}

interface Found {
  readonly version: string;
  readonly vmlinuz: string;
  readonly modulesDir: string;
}

/** Paths relative to the unpacked package. */
async function look(tree: string, name: string): Promise<Found> {
  const image = (await readdir(join(tree, "boot"))).find((item) => item.startsWith("vmlinuz-"));
  const version = image?.slice("vmlinuz-".length) ?? "";
  const modulesDir = ["lib", "usr/lib"].map((lib) => `${lib}/modules/${version}`);
  const present = modulesDir.find((candidate) => existsSync(join(tree, candidate)));
  if (version === "" || present === undefined)
    throw notUnderstood(name, "no kernel image with modules in the package");
  return { version, vmlinuz: `boot/vmlinuz-${version}`, modulesDir: present };
}

/** Another process may have fetched the same at the same time: the first one's tree stays. */
async function keep(folder: string, tree: string, name: string, found: Found): Promise<DebianKernel> {
  const place = join(folder, found.version);
  try {
    await rename(tree, place);
  } catch (error) {
    if (!existsSync(join(place, found.vmlinuz))) throw error;
  }
  const paths = {
    version: found.version,
    vmlinuz: `${found.version}/${found.vmlinuz}`,
    modulesDir: `${found.version}/${found.modulesDir}`,
  };
  const unfinished = join(folder, `.kernel-${process.pid}.json`);
  await Bun.write(unfinished, `${JSON.stringify({ package: name, ...paths }, null, 2)}\n`);
  await rename(unfinished, join(folder, "kernel.json"));
  return {
    version: paths.version,
    vmlinuz: join(folder, paths.vmlinuz),
    modulesDir: join(folder, paths.modulesDir),
  };
}

/** Undefined where there is none, or not all of it. */
async function remembered(folder: string): Promise<DebianKernel | undefined> {
  const file = Bun.file(join(folder, "kernel.json"));
  if (!(await file.exists())) return undefined;
  const parsed = Remembered.safeParse(await file.json().catch(() => undefined));
  if (!parsed.success) return undefined;
  const { version } = parsed.data;
  const vmlinuz = join(folder, parsed.data.vmlinuz);
  const modulesDir = join(folder, parsed.data.modulesDir);
  return existsSync(vmlinuz) && existsSync(join(modulesDir, "modules.dep"))
    ? { version, vmlinuz, modulesDir }
    : undefined;
}

function notUnderstood(on: string, found: string): BootError {
  return fatal("kernel-package", { doing: "fetch Debian's kernel", on, found, remedy: APT.remedy });
}
