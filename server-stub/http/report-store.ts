import { mkdir, readdir, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fatal } from "../../agent/errors.ts";
import { NODE_NAME } from "../../agent/xcat/document-limits.ts";

/** Of one node; the oldest go first, the newest stays whatever its size. */
export interface StoreLimits {
  readonly count: number;
  readonly bytes: number;
}

/** A node that boots in a loop keeps its last boots, and a cluster of 10,000 a bounded disk. */
export const STORE_LIMITS: StoreLimits = { count: 16, bytes: 32 * 1024 * 1024 };

/**
 * Reports of boots as files, `DIR/<node>/<time>-<digest>.json`: the newest is the last by its name. Any number of
 * servers may share the folder.
 */
export class ReportStore {
  readonly #directory: string;
  readonly #limits: StoreLimits;

  constructor(directory: string, limits: StoreLimits = STORE_LIMITS) {
    this.#directory = directory;
    this.#limits = limits;
  }

  /** @throws BootError where the folder is none that can be written to */
  async open(): Promise<this> {
    const probe = join(this.#directory, `.${crypto.randomUUID()}`);
    try {
      await mkdir(this.#directory, { recursive: true });
      await writeFile(probe, "");
      await unlink(probe);
      return this;
    } catch (error) {
      const found = error instanceof Error ? error.message : String(error);
      const parts = {
        doing: "open the folder of reports",
        on: this.#directory,
        found,
        remedy: "check --reports",
      };
      throw fatal("server-files", parts, error);
    }
  }

  /** @returns the report's name, and whether the same was the last one already, as where an answer was lost */
  async keep(node: string, text: string): Promise<{ readonly name: string; readonly again: boolean }> {
    const folder = this.#folder(node);
    const digest = new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 16);
    const last = (await names(folder)).at(-1);
    if (last?.endsWith(`-${digest}.json`)) return { name: last, again: true };
    const name = `${timeAfter(last)}-${digest}.json`;
    const unfinished = join(folder, `.${crypto.randomUUID()}`);
    await mkdir(folder, { recursive: true });
    try {
      await writeFile(unfinished, text, { mode: 0o640 });
      await rename(unfinished, join(folder, name));
    } catch (error) {
      await unlink(unfinished).catch(() => undefined); // The disk is full, or the like: what is thrown says it.
      throw error;
    }
    await this.#forgetOld(folder);
    return { name, again: false };
  }

  /** The newest report of a node; nothing where there is none. */
  async last(node: string): Promise<string | undefined> {
    const folder = this.#folder(node);
    const name = (await names(folder)).at(-1);
    return name === undefined ? undefined : await readFile(join(folder, name), "utf8");
  }

  #folder(node: string): string {
    // A table may name a node anything; a folder above or beside this one is none of its.
    if (!NODE_NAME.test(node)) throw new Error(`${node} is no name for a folder`);
    return join(this.#directory, node);
  }

  async #forgetOld(folder: string): Promise<void> {
    let count = 0;
    let bytes = 0;
    for (const name of (await names(folder)).toReversed()) {
      const path = join(folder, name);
      // Another server may be at the same.
      bytes += await stat(path).then(
        ({ size }) => size,
        () => 0,
      );
      count++;
      if (count > 1 && (count > this.#limits.count || bytes > this.#limits.bytes))
        await unlink(path).catch(() => undefined);
    }
  }
}

/** Now, in ISO 8601 without colons; but later than a name's time, whatever became of the clock since. */
function timeAfter(name: string | undefined): string {
  const [, date = "", hours = "", minutes = "", seconds = ""] =
    /^(\d{4}-\d\d-\d\dT)(\d\d)(\d\d)(\d\d\.\d{3}Z)-/.exec(name ?? "") ?? [];
  const before = date === "" ? 0 : Date.parse(`${date}${hours}:${minutes}:${seconds}`);
  return new Date(Math.max(Date.now(), before + 1)).toISOString().replaceAll(":", "");
}

/** In the order of their times. */
async function names(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => /^\d.*\.json$/.test(name)).sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
