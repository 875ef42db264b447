import {
  type ModuleFile,
  type ModuleLists,
  type ModuleListTexts,
  moduleName,
  resolveModule,
} from "../agent/kernel/module-lists.ts";

/**
 * Which modules an initrd holds: pure decisions on the lists that depmod(8) writes, read and followed by the
 * agent's own code, so that what it will look for on the node is what is there.
 */

export interface ModuleSelection {
  /** By name. */
  readonly chosen: readonly ModuleFile[];
  /** Required, and neither a module of this kernel nor built in. */
  readonly missing: readonly string[];
  /** Optional, likewise. */
  readonly absent: readonly string[];
}

/** Closes the wanted modules over what they need, soft dependencies (modprobe.d(5)) included. */
export function selectModules(
  lists: ModuleLists,
  required: readonly string[],
  optional: readonly string[],
): ModuleSelection {
  const unknown = (name: string) => resolveModule(lists, name) === undefined;
  const files = [...required, ...optional].flatMap((name) => resolveModule(lists, name)?.files ?? []);
  const chosen = new Map(files.map((file) => [file.name, file]));
  return {
    chosen: [...chosen.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    missing: required.filter(unknown),
    absent: optional.filter(unknown),
  };
}

/**
 * The same lists for the chosen modules only, with the names of uncompressed files: what lies at
 * /lib/modules/RELEASE/ in the initrd, for the agent and for busybox modprobe.
 */
export function reduceLists(texts: ModuleListTexts, chosen: readonly ModuleFile[]): ModuleListTexts {
  const inside = new Set(chosen.map((module) => module.name));
  const keep = (text: string, nameIn: (line: string) => string | undefined) =>
    text
      .split("\n")
      .filter((line) => inside.has(moduleName(nameIn(line) ?? "")))
      .map((line) => `${line}\n`)
      .join("");
  return {
    dep: plainPath(keep(texts.dep, (line) => line.split(":")[0])),
    alias: keep(texts.alias, (line) => line.split(/\s+/)[2]),
    softdep: keep(texts.softdep, (line) => line.split(/\s+/)[1]),
    builtin: texts.builtin,
  };
}

/** `kernel/fs/nfs/nfs.ko.xz` is `kernel/fs/nfs/nfs.ko` in the initrd; also within a line of modules.dep. */
export function plainPath(path: string): string {
  return path.replace(/\.ko\.(?:xz|zst|gz)(?=$|[\s:])/gm, ".ko");
}
