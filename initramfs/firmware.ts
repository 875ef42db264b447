import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CpioEntry } from "./cpio.ts";
import { COMPRESSED, readPlain } from "./plain-file.ts";

/** What the chosen modules load into their devices; network cards do not come up without it. */
export interface FirmwareFiles {
  /** Uncompressed, below lib/firmware. */
  readonly entries: readonly CpioEntry[];
  /** Named by a module and not there: often for hardware that nobody has any more. */
  readonly absent: readonly string[];
}

/** A hostile or damaged module names no more than this. */
const MAX_NAMES = 4096;

/**
 * The files that a module says it may ask for: `firmware=` in its .modinfo (MODULE_FIRMWARE in
 * include/linux/module.h). A `*` in one stands for any.
 */
export function firmwareNames(module: Uint8Array): string[] {
  const bytes = Buffer.from(module.buffer, module.byteOffset, module.byteLength);
  const key = Buffer.from("\0firmware=");
  const names: string[] = [];
  for (let at = bytes.indexOf(key); at >= 0 && names.length < MAX_NAMES; at = bytes.indexOf(key, at + 1)) {
    const start = at + key.length;
    const end = bytes.indexOf(0, start);
    if (end < 0) break;
    names.push(bytes.toString("utf8", start, end));
  }
  return names.filter(
    (name) => /^[\w.@+*-]+(?:\/[\w.@+*-]+)*$/.test(name) && !name.split("/").includes(".."),
  );
}

/**
 * Collects what the modules name, from the folders where the kernel looks, in its order
 * (Documentation/driver-api/firmware/fw_search_path.rst).
 *
 * @param directory e.g. /lib/firmware
 */
export async function firmwareFiles(
  directory: string,
  release: string,
  modules: readonly Uint8Array[],
): Promise<FirmwareFiles> {
  const places = [join("updates", release), "updates", release, "."].map((place) => join(directory, place));
  const found = new Map<string, string>();
  const absent: string[] = [];
  for (const wanted of new Set(modules.flatMap(firmwareNames))) {
    const files = findFirmware(wanted, places);
    if (files.size === 0) absent.push(wanted);
    for (const [name, file] of files) found.set(name, file);
  }
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  const entries = sorted.map(async ([name, file]): Promise<CpioEntry> => {
    const data = await readPlain(file, "unpack a firmware file");
    return { kind: "file", path: `lib/firmware/${name}`, mode: 0o644, data };
  });
  return { entries: await Promise.all(entries), absent: absent.sort() };
}

/** By the name that the kernel asks for: the file that has it. The first place that has the name counts. */
function findFirmware(wanted: string, places: readonly string[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const place of places) {
    if (!existsSync(place)) continue;
    for (const suffix of ["", ...COMPRESSED]) {
      const names = wanted.includes("*")
        ? new Bun.Glob(`${wanted}${suffix}`).scanSync({ cwd: place, followSymlinks: true })
        : [`${wanted}${suffix}`].filter((name) => existsSync(join(place, name)));
      for (const file of names) {
        const name = suffix === "" ? file : file.slice(0, -suffix.length);
        if (!files.has(name)) files.set(name, join(place, file));
      }
    }
  }
  return files;
}
