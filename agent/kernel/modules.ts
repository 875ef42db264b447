import { existsSync, readdirSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { BootError, type Problem } from "../errors.ts";
import { errorCode, errorReason } from "./errno.ts";
import { insertModule } from "./insert-module.ts";
import { type ModuleFile, type ModuleLists, parseModuleLists, resolveModule } from "./module-lists.ts";

/** What loading modules needs of the system; {@link linuxModules} is the real one. */
export interface ModuleSystem {
  /** The folder of the lists and the files: `/lib/modules/6.1.0-13-amd64`. */
  readonly directory: string;
  /** The text of one of the lists; undefined where it is not there. */
  list(name: string): string | undefined;
  /** The modaliases of all present devices, in a fixed order, without duplicates. */
  modaliases(): readonly string[];
  /** finit_module(2) of an absolute path. Rejects with an error that has a `code`. */
  insert(file: string): Promise<void>;
}

/** Names of the modules that are loaded now because of this call, in order, and what went wrong. */
export interface LoadedModules {
  readonly loaded: readonly string[];
  readonly problems: readonly Problem[];
}

/**
 * Loads the modules of these names or aliases with all that they depend on. One that is loaded already, or part
 * of the kernel, is fine; `problems` are those of soft dependencies, as notes.
 * @throws BootError with the `module-load` problems where one of the names could not be had.
 */
export async function loadModules(
  names: readonly string[],
  system: ModuleSystem = linuxModules(),
): Promise<LoadedModules> {
  const loader = new Loader(system);
  const missing: string[] = [];
  for (const name of names) if (!(await loader.load(name))) missing.push(name);
  const [first, ...more] = loader.problems;
  if (missing.length > 0 && first !== undefined) throw new BootError([asFatal(first), ...more.map(asFatal)]);
  return loader;
}

/**
 * Loads what the present devices ask for by their modaliases, again and again until no device is there that was
 * not there before: a bus driver (virtio_pci, a USB host) makes further devices appear. A driver that refuses
 * the hardware (ENODEV) is no problem, any other failure is a note: whether the boot can go on without that
 * device shows later.
 */
export async function loadForHardware(system: ModuleSystem = linuxModules()): Promise<LoadedModules> {
  const loader = new Loader(system);
  if (system.list("modules.dep") === undefined) loader.problems.push(noLists(system));
  const seen = new Set<string>();
  for (;;) {
    const fresh = system.modaliases().filter((modalias) => !seen.has(modalias));
    if (fresh.length === 0) return loader;
    for (const modalias of fresh) {
      seen.add(modalias);
      await loader.loadDrivers(modalias);
    }
  }
}

/** The lists do not change while a system is in use, and reading them takes longer than most modules. */
const readLists = new WeakMap<ModuleSystem, ModuleLists>();

function listsOf(system: ModuleSystem): ModuleLists {
  const known = readLists.get(system);
  if (known !== undefined) return known;
  const lists = parseModuleLists({
    dep: system.list("modules.dep") ?? "",
    alias: system.list("modules.alias") ?? "",
    softdep: system.list("modules.softdep") ?? "",
    builtin: system.list("modules.builtin") ?? "",
  });
  readLists.set(system, lists);
  return lists;
}

class Loader implements LoadedModules {
  readonly loaded: string[] = [];
  readonly problems: Problem[] = [];
  readonly #system: ModuleSystem;
  readonly #lists: ModuleLists;
  /** Whether it is in the kernel now, of all that was tried: what failed once fails again. */
  readonly #present = new Map<string, boolean>();

  constructor(system: ModuleSystem) {
    this.#system = system;
    this.#lists = listsOf(system);
  }

  /** Whether all that answers to the name is in the kernel now. */
  async load(wanted: string): Promise<boolean> {
    const resolution = resolveModule(this.#lists, wanted);
    if (resolution === undefined) {
      this.problems.push(unknownModule(wanted, this.#system));
      return false;
    }
    for (const file of resolution.files) await this.#insert(file, []);
    return resolution.modules.every((name) => this.#present.get(name) === true);
  }

  /** A device that none of these modules is for is not the initrd's mistake: it holds what a boot needs. */
  async loadDrivers(modalias: string): Promise<void> {
    for (const file of resolveModule(this.#lists, modalias)?.files ?? []) {
      await this.#insert(file, ["ENODEV"]);
    }
  }

  /** `tolerated`: error codes that are not worth a word. */
  async #insert({ name, file, dependencies }: ModuleFile, tolerated: readonly string[]): Promise<void> {
    if (this.#present.has(name)) return;
    this.#present.set(name, false);
    // Without its dependency the kernel would refuse it with a message that misleads.
    if (dependencies.some((dependency) => this.#present.get(dependency) === false)) return;
    const path = `${this.#system.directory}/${file}`;
    try {
      await this.#system.insert(path);
      this.loaded.push(name);
      this.#present.set(name, true);
    } catch (error) {
      const code = errorCode(error) ?? "";
      if (code === "EEXIST") this.#present.set(name, true);
      else if (!tolerated.includes(code)) {
        this.problems.push(loadProblem(name, path, code, errorReason(error)));
      }
    }
  }
}

/** What an error number of finit_module(2) means for the one who built the initrd. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: "rebuild the initrd, so that the module and all it depends on come from one kernel",
  ENOEXEC: "rebuild the initrd with the modules of the kernel that is booted",
  EKEYREJECTED: "sign the module with a key that this kernel trusts, or boot without lockdown",
  EPERM: "take the module off module_blacklist=, or boot a kernel that may load modules",
};

function loadProblem(name: string, path: string, code: string, reason: string): Problem {
  return {
    class: "note",
    code: "module-load",
    doing: `load the module ${name}`,
    on: path,
    found: reason,
    remedy: REMEDIES[code] ?? "read what the kernel said about it just before this line",
  };
}

function unknownModule(name: string, system: ModuleSystem): Problem {
  return {
    class: "note",
    code: "module-load",
    doing: `load the module ${name}`,
    on: `${system.directory}/modules.dep`,
    found: "no module, alias or part of the kernel has that name",
    remedy: "rebuild the initrd with this module",
  };
}

function noLists(system: ModuleSystem): Problem {
  return {
    class: "note",
    code: "module-lists",
    doing: "load the modules of the present hardware",
    on: `${system.directory}/modules.dep`,
    found: "the initrd has no modules for the kernel that is running",
    remedy: "rebuild the initrd for this kernel version, or boot the kernel that it was built for",
  };
}

function asFatal(problem: Problem): Problem {
  return { ...problem, class: "fatal" };
}

/**
 * The running kernel's modules and the devices in /sys. `insert` may be a call on a thread (threads.ts): some
 * modules take a while to start (nfsv4: a second on an emulated machine), in which the network can come up.
 */
export function linuxModules(
  insert: ModuleSystem["insert"] = async (file) => insertModule(file),
  directory = `/lib/modules/${release()}`,
): ModuleSystem {
  return {
    directory,
    list: (name) => readIfThere(`${directory}/${name}`),
    modaliases: presentModaliases,
    insert,
  };
}

/**
 * Every device that has a driver to wait for is on a bus, or below /sys/devices/system (the processor's `cpu:`
 * modalias), which saves walking all of /sys/devices.
 */
function presentModaliases(): readonly string[] {
  const found = new Set<string>();
  for (const bus of entries("/sys/bus")) {
    for (const device of entries(`/sys/bus/${bus}/devices`)) {
      addModalias(`/sys/bus/${bus}/devices/${device}/modalias`, found);
    }
  }
  for (const kind of entries("/sys/devices/system")) {
    addModalias(`/sys/devices/system/${kind}/modalias`, found);
  }
  return [...found];
}

/** Most have none, and an error costs more than a look; one may go away between look and read. */
function addModalias(path: string, found: Set<string>): void {
  const modalias = existsSync(path) ? readIfThere(path)?.trim() : undefined;
  if (modalias) found.add(modalias);
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // A kernel without that bus, or /sys not mounted: no devices to find there.
    return [];
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ENODEV", "ENXIO", "EIO"].includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}
