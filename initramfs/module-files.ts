import { existsSync } from "node:fs";
import { join } from "node:path";
import { fatal } from "../agent/errors.ts";
import { type ModuleListTexts, parseModuleLists } from "../agent/kernel/module-lists.ts";
import type { CpioEntry } from "./cpio.ts";
import { firmwareFiles } from "./firmware.ts";
import { plainPath, reduceLists, selectModules } from "./modules.ts";
import { readPlain } from "./plain-file.ts";

/** A kernel to boot from: its release (`uname -r`) and the folder that has its modules.dep. */
export interface KernelModules {
  readonly version: string;
  /** E.g. `/lib/modules/6.1.0-56-cloud-amd64`. */
  readonly modulesDir: string;
  /** Where the firmware of its drivers is, e.g. `/lib/firmware`; none where not given. */
  readonly firmwareDir?: string;
}

export interface ModuleFiles {
  /** The modules, uncompressed, and the reduced modules.* files, below lib/modules/VERSION; their firmware. */
  readonly entries: readonly CpioEntry[];
  readonly chosen: readonly string[];
  readonly absent: readonly string[];
  /** Firmware that they name and that is not there. */
  readonly absentFirmware: readonly string[];
}

/** Reads the chosen modules and all that they need. Throws where a required one is not there. */
export async function moduleFiles(
  kernel: KernelModules,
  required: readonly string[],
  optional: readonly string[],
): Promise<ModuleFiles> {
  const doing = "collect the kernel modules";
  const { version, modulesDir } = kernel;
  const texts = await readTexts(kernel);
  const { chosen, missing, absent } = selectModules(parseModuleLists(texts), required, optional);
  if (missing.length > 0) {
    throw fatal("module-missing", {
      doing,
      on: `kernel ${version}`,
      found: `${missing.join(", ")}: neither in ${modulesDir}/modules.dep nor in its modules.builtin`,
      remedy:
        "install the package with the rest of this kernel's modules (Red Hat: kernel-modules-extra) and run " +
        `depmod ${version}, or build for a kernel that has them with --kernel and --modules`,
    });
  }
  const folder = `lib/modules/${version}`;
  const modules = await Promise.all(
    chosen.map(async ({ file }) => {
      const data = await readModule(join(modulesDir, file), kernel);
      return { kind: "file", path: `${folder}/${plainPath(file)}`, mode: 0o644, data } as const;
    }),
  );
  const contents = modules.map((module) => module.data);
  const firmware =
    kernel.firmwareDir === undefined
      ? { entries: [], absent: [] }
      : await firmwareFiles(kernel.firmwareDir, version, contents);
  const lists = Object.entries(reduceLists(texts, chosen)).map(
    ([name, text]: [string, string]): CpioEntry => ({
      kind: "file",
      path: `${folder}/modules.${name}`,
      mode: 0o644,
      data: Buffer.from(text),
    }),
  );
  const names = chosen.map((module) => module.name);
  const entries = [...lists, ...modules, ...firmware.entries];
  return { entries, chosen: names, absent, absentFirmware: firmware.absent };
}

async function readTexts({ version, modulesDir }: KernelModules): Promise<ModuleListTexts> {
  const read = async (name: string) => {
    const file = Bun.file(join(modulesDir, `modules.${name}`));
    return (await file.exists()) ? await file.text() : "";
  };
  const texts = {
    dep: await read("dep"),
    alias: await read("alias"),
    softdep: await read("softdep"),
    builtin: await read("builtin"),
  };
  if (texts.dep !== "") return texts;
  throw fatal("kernel-missing", {
    doing: "collect the kernel modules",
    on: `kernel ${version}`,
    found: existsSync(modulesDir) ? `no modules.dep in ${modulesDir}` : `no folder ${modulesDir}`,
    remedy: existsSync(modulesDir)
      ? `run depmod ${version} (with -b where the tree is not the host's)`
      : "give an installed kernel's version with --kernel, or the tree with --modules; ls /lib/modules shows those here",
  });
}

async function readModule(file: string, { version }: KernelModules): Promise<Uint8Array> {
  if (!existsSync(file)) {
    throw fatal("module-missing", {
      doing: "collect the kernel modules",
      on: `kernel ${version}`,
      found: `modules.dep names ${file}, which is not there`,
      remedy: `run depmod ${version} again (with -b where the tree is not the host's)`,
    });
  }
  return readPlain(file, "unpack a kernel module");
}
