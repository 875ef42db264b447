import { existsSync } from "node:fs";
import { join } from "node:path";
import { fatal } from "../agent/errors.ts";
import type { CpioEntry } from "./cpio.ts";
import { type ElfNeeds, elfNeeds } from "./elf.ts";

/** Where the loaders of Debian and of Red Hat look without a cache or LD_LIBRARY_PATH, ld.so(8). */
const TRIPLETS: Readonly<Record<number, string>> = { 62: "x86_64-linux-gnu", 183: "aarch64-linux-gnu" };

/**
 * Opened by name while running, so in no DT_NEEDED. libgcc_s: pthread_exit(3) aborts without it. The name
 * services: part of libc since glibc 2.34, files of their own before. Taken where they are.
 */
const OPENED_WHILE_RUNNING = ["libgcc_s.so.1", "libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"];

/**
 * The loader and shared libraries of a program, closed over their own needs, each at the path where it was
 * found: there the loader looks on the node too. A static program needs none.
 *
 * @param path where the program lies, for messages
 * @param root the file system that the libraries are taken from, `/` on the building machine
 */
export async function sharedLibraries(path: string, program: Uint8Array, root = "/"): Promise<CpioEntry[]> {
  const needs = elfNeeds(program);
  if (needs === undefined) {
    throw fatal("not-a-program", {
      doing: "look for the libraries of a program",
      on: path,
      found: "not an ELF program of 64 bits",
      remedy: "give the compiled program, e.g. out/statelite-agent, not a script",
    });
  }
  if (needs.interpreter === undefined) return [];
  const found = new Map<string, CpioEntry>();
  const loader = needs.interpreter.replace(/^\/+/, "");
  found.set(loader, await entryOf(join(root, loader), loader, path, needs.interpreter));
  const wanted = [...needs.libraries.map((name) => ({ name, by: path }))];
  const optional = OPENED_WHILE_RUNNING.filter((name) => locate(root, needs, name) !== undefined);
  wanted.push(...optional.map((name) => ({ name, by: path })));
  const names = new Set([loader.split("/").at(-1)]);
  for (let next = wanted.shift(); next !== undefined; next = wanted.shift()) {
    const { name, by } = next;
    if (names.has(name)) continue;
    names.add(name);
    const place = locate(root, needs, name);
    const entry = await entryOf(place === undefined ? undefined : join(root, place), place ?? name, by, name);
    found.set(entry.path, entry);
    const more = elfNeeds(entry.data)?.libraries ?? [];
    wanted.push(...more.map((library) => ({ name: library, by: entry.path })));
  }
  return [...found.values()];
}

function locate(root: string, needs: ElfNeeds, name: string): string | undefined {
  const triplet = TRIPLETS[needs.machine];
  const debian = triplet === undefined ? [] : [`lib/${triplet}`, `usr/lib/${triplet}`];
  const folders = [...debian, "lib64", "usr/lib64", "lib", "usr/lib"];
  return folders.map((folder) => `${folder}/${name}`).find((path) => existsSync(join(root, path)));
}

async function entryOf(
  file: string | undefined,
  path: string,
  by: string,
  name: string,
): Promise<CpioEntry & { kind: "file" }> {
  if (file === undefined || !existsSync(file)) {
    throw fatal("library-missing", {
      doing: "collect the libraries of a program",
      on: by,
      found: `it needs ${name}, which is in none of the loader's folders`,
      remedy:
        "install the package that holds it, or build on the distribution that the program was linked on",
    });
  }
  return { kind: "file", path, mode: 0o755, data: await Bun.file(file).bytes() };
}
