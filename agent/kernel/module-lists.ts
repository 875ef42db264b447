/**
 * The lists that depmod(8) writes into /lib/modules/RELEASE, and what modprobe(8) reads out of them: which
 * files, in which order, a module name or the modalias of a device stands for. Pure; loading is modules.ts.
 */

/** The texts of the lists; one that is not there is the empty string. */
export interface ModuleListTexts {
  /** `modules.dep`: `file: dependency…`, paths relative to the folder of the lists. */
  readonly dep: string;
  /** `modules.alias`: `alias PATTERN MODULE`. */
  readonly alias: string;
  /** `modules.softdep`: `softdep MODULE pre: … post: …`. */
  readonly softdep: string;
  /** `modules.builtin`: files that are part of the kernel. */
  readonly builtin: string;
}

interface Alias {
  readonly pattern: string;
  readonly module: string;
}

interface SoftDependencies {
  readonly pre: readonly string[];
  readonly post: readonly string[];
}

/** The lists, parsed. Names and patterns have `_` for every `-`, as modprobe holds the two for the same. */
export interface ModuleLists {
  readonly modules: ReadonlyMap<string, ModuleFile>;
  /** By the text before the first colon (`pci`), so that a lookup need not match against every pattern. */
  readonly aliases: ReadonlyMap<string, readonly Alias[]>;
  readonly soft: ReadonlyMap<string, SoftDependencies>;
  readonly builtin: ReadonlySet<string>;
}

/** One file to load; it stands after all of its dependencies. */
export interface ModuleFile {
  readonly name: string;
  /** Relative to the folder of the lists. */
  readonly file: string;
  /** Names of the modules without which it cannot be loaded. */
  readonly dependencies: readonly string[];
}

/** What a name stands for. */
export interface Resolution {
  /** The modules that answer to the name; none where it is part of the kernel. */
  readonly modules: readonly string[];
  /** Those with everything before and after them, in loading order. */
  readonly files: readonly ModuleFile[];
}

export function parseModuleLists(texts: ModuleListTexts): ModuleLists {
  const modules = new Map<string, ModuleFile>();
  for (const line of lines(texts.dep)) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const file = line.slice(0, colon);
    const name = moduleName(file);
    // depmod writes the nearest dependency first; the farthest has to be loaded first.
    const dependencies = words(line.slice(colon + 1))
      .map(moduleName)
      .reverse();
    modules.set(name, { name, file, dependencies });
  }
  const aliases = new Map<string, Alias[]>();
  for (const line of lines(texts.alias)) {
    const [keyword, pattern, module] = words(line);
    if (keyword !== "alias" || pattern === undefined || module === undefined) continue;
    const entry = { pattern: normalisePattern(pattern), module: underscores(module) };
    const bucket = bus(entry.pattern);
    const list = aliases.get(bucket);
    if (list === undefined) aliases.set(bucket, [entry]);
    else list.push(entry);
  }
  return {
    modules,
    aliases,
    soft: parseSoft(texts.softdep),
    builtin: new Set(lines(texts.builtin).map(moduleName)),
  };
}

/**
 * What `wanted` (a module name, an alias, a modalias) needs, in loading order: what comes before it by
 * modules.softdep, its dependencies, the module, what comes after it. Undefined where nothing answers to that
 * name. A soft dependency that does not exist is left out (modprobe.d(5)).
 */
export function resolveModule(lists: ModuleLists, wanted: string): Resolution | undefined {
  const modules = lookup(lists, wanted);
  if (modules.length === 0 && !lists.builtin.has(underscores(wanted))) return undefined;
  const order = new Map<string, ModuleFile>();
  const entered = new Set<string>();
  const add = (name: string): void => {
    const module = lists.modules.get(name);
    // `entered` also ends the circles that soft dependencies may form.
    if (module === undefined || entered.has(name)) return;
    entered.add(name);
    const soft = lists.soft.get(name);
    for (const word of soft?.pre ?? []) for (const found of lookup(lists, word)) add(found);
    for (const dependency of module.dependencies) add(dependency);
    order.set(name, module);
    for (const word of soft?.post ?? []) for (const found of lookup(lists, word)) add(found);
  };
  for (const name of modules) add(name);
  return { modules, files: [...order.values()] };
}

/** Names of loadable modules that answer to `wanted`: the module of that name, else every alias that matches. */
function lookup(lists: ModuleLists, wanted: string): readonly string[] {
  const name = underscores(wanted);
  if (lists.modules.has(name)) return [name];
  const candidates = [...(lists.aliases.get(bus(name)) ?? []), ...(lists.aliases.get("") ?? [])];
  const found = candidates.filter((alias) => globMatches(alias.pattern, name)).map((alias) => alias.module);
  return [...new Set(found)].filter((module) => lists.modules.has(module));
}

function parseSoft(text: string): Map<string, SoftDependencies> {
  const soft = new Map<string, { pre: string[]; post: string[] }>();
  for (const line of lines(text)) {
    const [keyword, module, ...rest] = words(line);
    if (keyword !== "softdep" || module === undefined) continue;
    const entry = soft.get(underscores(module)) ?? { pre: [], post: [] };
    soft.set(underscores(module), entry);
    // Words before the first `pre:` or `post:` say nothing; modprobe passes over them too.
    let list: string[] | undefined;
    for (const word of rest) {
      if (word === "pre:") list = entry.pre;
      else if (word === "post:") list = entry.post;
      else list?.push(word);
    }
  }
  return soft;
}

/** `kernel/drivers/net/virtio_net.ko.xz` -> `virtio_net`. */
export function moduleName(file: string): string {
  const base = file.slice(file.lastIndexOf("/") + 1);
  return underscores(base.replace(/\.ko(\.(gz|xz|zst))?$/, ""));
}

function underscores(name: string): string {
  return name.replaceAll("-", "_");
}

/** Inside brackets `-` makes a range and stays. */
function normalisePattern(pattern: string): string {
  return pattern.replace(/\[[^\]]*\]|-/g, (part) => (part === "-" ? "_" : part));
}

/** `pci` of `pci:v00001AF4…`; empty where a wildcard comes before the colon, or where there is no colon. */
function bus(pattern: string): string {
  return /^([^*?[\\:]*):/.exec(pattern)?.[1] ?? "";
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/**
 * fnmatch(3) without flags: `*`, `?`, `[a-f]`, `[!a]` and `\` before any character. The whole text must match.
 * A star that turns out too short grows by one, and only the last star is ever tried again, so the time is
 * bounded by the product of both lengths.
 */
export function globMatches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star: { p: number; t: number } | undefined;
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = { p: ++p, t };
      continue;
    }
    const next = matchOne(pattern, p, text.charAt(t));
    if (next !== undefined) {
      p = next;
      t++;
    } else if (star !== undefined) {
      p = star.p;
      t = ++star.t;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/** Where the pattern goes on after its element at `p` took `char`; undefined where it does not take it. */
function matchOne(pattern: string, p: number, char: string): number | undefined {
  switch (pattern[p]) {
    case undefined:
      return undefined;
    case "?":
      return p + 1;
    case "\\":
      return pattern[p + 1] === char ? p + 2 : undefined;
    case "[":
      return matchSet(pattern, p, char);
    default:
      return pattern[p] === char ? p + 1 : undefined;
  }
}

/** A set that is never closed is no set: its bracket stands for itself. */
function matchSet(pattern: string, start: number, char: string): number | undefined {
  const negated = pattern[start + 1] === "!" || pattern[start + 1] === "^";
  const first = start + (negated ? 2 : 1);
  const end = pattern.indexOf("]", first + 1);
  if (end < 0) return char === "[" ? start + 1 : undefined;
  let inside = false;
  for (let i = first; i < end; i++) {
    const from = pattern.charAt(i);
    const range = pattern[i + 1] === "-" && i + 2 < end;
    const to = range ? pattern.charAt(i + 2) : from;
    if (range) i += 2;
    if (from <= char && char <= to) inside = true;
  }
  return inside !== negated ? end + 1 : undefined;
}
