/**
 * Which modules an initrd holds: pure decisions on the text files that depmod(8) writes. Names compare as
 * modprobe(8) compares them, `-` and `_` being the same.
 */

/** The texts of /lib/modules/VERSION/modules.*; those that are not there are empty. */
export interface ModuleTexts {
  readonly dep: string;
  readonly alias: string;
  readonly softdep: string;
  readonly builtin: string;
}

export interface ModuleIndex {
  /** By name: the file, relative to the version's folder, and the names of all that it needs (modules.dep is closed). */
  readonly files: ReadonlyMap<string, { readonly path: string; readonly needs: readonly string[] }>;
  readonly builtin: ReadonlySet<string>;
  /** Literal aliases; those with wildcards are for hardware and name no dependency. */
  readonly aliases: ReadonlyMap<string, readonly string[]>;
  readonly softdeps: ReadonlyMap<string, readonly string[]>;
}

export interface ModuleSelection {
  /** Names, sorted. */
  readonly chosen: readonly string[];
  /** Required, and neither a module of this kernel nor built in. */
  readonly missing: readonly string[];
  /** Optional, likewise. */
  readonly absent: readonly string[];
}

export function indexModules(texts: ModuleTexts): ModuleIndex {
  const files = new Map<string, { path: string; needs: string[] }>();
  for (const line of lines(texts.dep)) {
    const [path, needs = ""] = line.split(":", 2);
    if (path !== undefined) files.set(moduleName(path), { path, needs: words(needs).map(moduleName) });
  }
  const aliases = new Map<string, string[]>();
  for (const [keyword, alias, module] of lines(texts.alias).map(words)) {
    if (keyword !== "alias" || alias === undefined || module === undefined || /[*?[]/.test(alias)) continue;
    const name = canonical(alias);
    aliases.set(name, [...(aliases.get(name) ?? []), canonical(module)]);
  }
  const softdeps = new Map<string, string[]>();
  for (const [keyword, module, ...rest] of lines(texts.softdep).map(words)) {
    if (keyword !== "softdep" || module === undefined) continue;
    const name = canonical(module);
    softdeps.set(name, [...(softdeps.get(name) ?? []), ...softNeeds(rest)]);
  }
  return { files, builtin: new Set(lines(texts.builtin).map(moduleName)), aliases, softdeps };
}

/**
 * Closes the wanted modules over what they need. A soft dependency (modprobe.d(5)) that this kernel cannot
 * serve is left out, as modprobe does.
 */
export function selectModules(
  index: ModuleIndex,
  required: readonly string[],
  optional: readonly string[],
): ModuleSelection {
  const chosen = new Set<string>();
  const missing = new Set<string>();
  const known = (name: string) => index.files.has(name) || index.builtin.has(name);
  const queue = [...required, ...optional].map(canonical).filter(known);
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const file = index.files.get(name);
    if (file === undefined || chosen.has(name)) continue;
    chosen.add(name);
    for (const needed of file.needs) {
      if (known(needed)) queue.push(needed);
      else missing.add(needed);
    }
    for (const soft of index.softdeps.get(name) ?? []) {
      queue.push(...[soft, ...(index.aliases.get(soft) ?? [])].filter(known));
    }
  }
  for (const name of required) if (!known(canonical(name))) missing.add(name);
  return {
    chosen: [...chosen].sort(),
    missing: [...missing],
    absent: optional.filter((name) => !known(canonical(name))),
  };
}

/**
 * The same texts for the chosen modules only, with the names of uncompressed files: what lies at
 * /lib/modules/VERSION/ in the initrd, for the agent and for busybox modprobe.
 */
export function reduceTexts(texts: ModuleTexts, chosen: readonly string[]): ModuleTexts {
  const inside = new Set(chosen);
  const keep = (text: string, nameIn: (line: string) => string | undefined) =>
    lines(text)
      .filter((line) => inside.has(nameIn(line) ?? ""))
      .map((line) => `${line}\n`)
      .join("");
  return {
    dep: plainPath(keep(texts.dep, (line) => moduleName(line.split(":")[0] ?? ""))),
    alias: keep(texts.alias, (line) => canonical(words(line)[2] ?? "")),
    softdep: keep(texts.softdep, (line) => canonical(words(line)[1] ?? "")),
    builtin: texts.builtin,
  };
}

/** `kernel/fs/nfs/nfs.ko.xz` is `kernel/fs/nfs/nfs.ko` in the initrd. */
export function plainPath(path: string): string {
  return path.replace(/\.ko\.(?:xz|zst|gz)(?=$|[\s:])/gm, ".ko");
}

/** `kernel/drivers/char/hw_random/virtio-rng.ko.xz` is the module `virtio_rng`. */
export function moduleName(path: string): string {
  const file = path.slice(path.lastIndexOf("/") + 1);
  return canonical(file.replace(/\.ko(?:\.\w+)?$/, ""));
}

function canonical(name: string): string {
  return name.replaceAll("-", "_");
}

/** What stands after `pre:` and `post:`. */
function softNeeds(rest: readonly string[]): string[] {
  const start = rest.findIndex((word) => word === "pre:" || word === "post:");
  if (start < 0) return [];
  return rest
    .slice(start)
    .filter((word) => !word.endsWith(":"))
    .map(canonical);
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
}

function words(line: string): string[] {
  return line.split(/\s+/).filter((word) => word !== "");
}
