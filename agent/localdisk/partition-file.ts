import type { Problem } from "../errors.ts";

/**
 * The partition file of an osimage (`linuximage.partitionfile`), as the server hands it out, read as xCAT's documents
 * describe it ("Enabling the localdisk option"). Pure.
 */

export type PartitionFile =
  | {
      readonly kind: "format";
      /** `enablepart=yes`: disks may be partitioned, and what has no file system may get one. */
      readonly repartition: boolean;
      readonly disks: readonly DiskSection[];
      readonly localSpace?: LocalSpace;
      /** Devices to swap on. */
      readonly swap: readonly string[];
    }
  /** `enable` is not `yes`: the rest of the file means nothing. */
  | { readonly kind: "off" }
  | { readonly kind: "script"; readonly text: string };

export interface DiskSection {
  /** `/dev/sda`. */
  readonly device: string;
  /** `clear=yes`: what is on the disk goes. */
  readonly clear: boolean;
  readonly table: "msdos" | "gpt";
  /** Of each new partition, but those that are swapped on. */
  readonly fileSystem: FileSystem;
  readonly parts: readonly Part[];
}

/** Where a partition lies: from byte to byte, or so much of the disk behind the partition before. */
export type Part =
  | { readonly kind: "range"; readonly start: number; readonly end: number }
  | { readonly kind: "percent"; readonly percent: number };

export interface LocalSpace {
  readonly device: string;
  readonly fileSystem?: FileSystem;
}

/** The ones that mkfs programs of an image can make unattended, and kernels mount without more. */
export const FILE_SYSTEMS = ["ext2", "ext3", "ext4", "xfs", "btrfs"] as const;
export type FileSystem = (typeof FILE_SYSTEMS)[number];

/** Whatever is wrong with a partition file, here is where it is corrected. */
export const CORRECT =
  "correct the partition file that the osimage's partitionfile attribute names, on the server";

/** More than any machine has disks, or a disk partitions. */
const MAX_SECTIONS = 128;
const MAX_PARTS = 128;

export type ReadPartitionFile =
  | { readonly file: PartitionFile }
  | { readonly problems: readonly [Problem, ...Problem[]] };

/** @param replies the lines of `getpartition`'s answer, some of them with their newlines */
export function readPartitionFile(replies: readonly string[]): ReadPartitionFile {
  const [type, ...rest] = replies;
  const failed = replies.find((line) => line.startsWith("Error: "));
  if (failed !== undefined) return { problems: [problem(`the server says: ${failed.trim()}`)] };
  switch (type?.trim()) {
    case "type=format":
      return new FormatReader(rest.flatMap((line) => line.replace(/\n$/, "").split("\n"))).read();
    case "type=script":
      return {
        file: {
          kind: "script",
          text: rest.map((line) => (line.endsWith("\n") ? line : `${line}\n`)).join(""),
        },
      };
    case undefined:
      return { problems: [problem("the server knows this node, or its partition file, not")] };
    default:
      return { problems: [problem(`its first line is "${type}", not type=format or type=script`)] };
  }
}

function problem(found: string): Problem {
  const on = "the partition file";
  return {
    class: "fatal",
    code: "partition-file",
    doing: "read what to do with the local disks",
    on,
    found,
    remedy: CORRECT,
  };
}

/** One key of one section, as it stands in the file. */
interface Setting {
  readonly key: string;
  readonly value: string;
  /** Counted from 1, the type line left out: as an editor shows the file. */
  readonly line: number;
}

interface Section {
  readonly name: string;
  readonly line: number;
  readonly settings: Setting[];
}

/** What each section may have. The first one is what stands before all others. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  "": ["enable", "enablepart"],
  disk: ["dev", "clear", "ptype", "fstype", "parts"],
  localspace: ["dev", "fstype"],
  swapspace: ["dev"],
};

class FormatReader {
  readonly #problems: Problem[] = [];
  readonly #sections: readonly Section[];

  constructor(lines: readonly string[]) {
    this.#sections = this.#split(lines);
  }

  read(): ReadPartitionFile {
    const global = this.#sections[0];
    if (global === undefined || !this.#yes(global, "enable")) return this.#result({ kind: "off" });
    const named = (name: string) => this.#sections.filter((section) => section.name === name);
    const disks = named("disk").map((section) => this.#disk(section));
    this.#onlyOnce(
      "disk",
      disks.map((disk) => disk.device),
    );
    const [space, ...spaces] = named("localspace");
    for (const { line } of spaces) this.#refuse(line, "a second [localspace]: there is one local space");
    const swap = named("swapspace").map((section) => this.#device(section));
    this.#onlyOnce("swapspace", swap);
    const localSpace = space && this.#localSpace(space);
    if (localSpace !== undefined && swap.includes(localSpace.device)) {
      this.#refuse(space?.line ?? 0, `${localSpace.device} cannot be both local space and swap space`);
    }
    const repartition = this.#yes(global, "enablepart");
    return this.#result({ kind: "format", repartition, disks, ...(localSpace && { localSpace }), swap });
  }

  #result(file: PartitionFile): ReadPartitionFile {
    const [first, ...others] = this.#problems;
    return first === undefined ? { file } : { problems: [first, ...others] };
  }

  #split(lines: readonly string[]): Section[] {
    let section: Section = { name: "", line: 0, settings: [] };
    const sections = [section];
    for (const [index, text] of lines.entries()) {
      const line = index + 1;
      const trimmed = text.trim();
      if (trimmed === "" || trimmed.startsWith("#")) continue;
      const name = /^\[\s*(\w+)\s*\]$/.exec(trimmed)?.[1];
      if (name !== undefined) {
        section = { name, line, settings: [] };
        if (name === "" || !Object.hasOwn(KEYS, name)) this.#refuse(line, `there is no section [${name}]`);
        if (sections.push(section) > MAX_SECTIONS) {
          this.#refuse(line, `more than ${MAX_SECTIONS} sections`);
          return sections;
        }
        continue;
      }
      const [, key, value] = /^(\w+)\s*=\s*(.*)$/.exec(trimmed) ?? [];
      if (key === undefined || value === undefined)
        this.#refuse(line, `"${trimmed.slice(0, 80)}" is no key=value`);
      else this.#add(section, { key, value, line });
    }
    return sections;
  }

  #add(section: Section, setting: Setting): void {
    const { key, line } = setting;
    const known = KEYS[section.name];
    const where = section.name === "" ? "before the first section" : `in [${section.name}]`;
    if (known !== undefined && !known.includes(key)) this.#refuse(line, `${key} means nothing ${where}`);
    if (section.settings.some((other) => other.key === key))
      this.#refuse(line, `${key} stands there twice ${where}`);
    section.settings.push(setting);
  }

  #disk(section: Section): DiskSection {
    const table = this.#choice(section, "ptype", ["msdos", "gpt"], "msdos");
    const parts = this.#parts(section);
    if (table === "msdos" && parts.length > 4) {
      this.#refuse(section.line, `${parts.length} parts, of which ptype=msdos has room for 4: use ptype=gpt`);
    }
    return {
      device: this.#device(section),
      clear: this.#yes(section, "clear"),
      table,
      fileSystem: this.#choice(section, "fstype", FILE_SYSTEMS, "ext4"),
      parts,
    };
  }

  #localSpace(section: Section): LocalSpace {
    const device = this.#device(section);
    if (!section.settings.some(({ key }) => key === "fstype")) return { device };
    return { device, fileSystem: this.#choice(section, "fstype", FILE_SYSTEMS, "ext4") };
  }

  #parts(section: Section): readonly Part[] {
    const setting = section.settings.find(({ key }) => key === "parts");
    if (setting === undefined) {
      this.#refuse(section.line, `[${section.name}] has no parts`);
      return [];
    }
    const texts = setting.value.split(",").map((text) => text.trim());
    if (texts.length > MAX_PARTS) {
      this.#refuse(setting.line, `more than ${MAX_PARTS} parts`);
      return [];
    }
    const parts = texts.flatMap((text) => this.#part(text, setting.line));
    const percent = parts.reduce((sum, part) => sum + (part.kind === "percent" ? part.percent : 0), 0);
    if (percent > 100) this.#refuse(setting.line, `the parts add up to ${percent} % of the disk`);
    return parts;
  }

  #part(text: string, line: number): Part[] {
    const percent = /^(\d{1,3}(?:\.\d{1,3})?)%?$/.exec(text)?.[1];
    if (percent !== undefined && Number(percent) > 0) return [{ kind: "percent", percent: Number(percent) }];
    const [from, to, ...more] = text.split("-").map(readSize);
    if (from !== undefined && to !== undefined && more.length === 0 && from < to) {
      return [{ kind: "range", start: from, end: to }];
    }
    this.#refuse(line, `"${text.slice(0, 40)}" is no part: 100M-10G, or 50 for half of the disk, was wanted`);
    return [];
  }

  #device(section: Section): string {
    const setting = section.settings.find(({ key }) => key === "dev");
    const value = setting?.value ?? "";
    if (setting === undefined) this.#refuse(section.line, `[${section.name}] has no dev`);
    else if (value.startsWith("/dev/disk/")) {
      this.#refuse(
        setting.line,
        `${value}: such names are made later in the boot, here the kernel's own is wanted (/dev/sda)`,
      );
    } else if (!/^\/dev\/[a-z][a-z0-9]{0,30}$/.test(value)) {
      this.#refuse(setting.line, `dev=${value.slice(0, 80)} is no block device's name`);
    }
    return value;
  }

  #yes(section: Section, key: string): boolean {
    return this.#choice(section, key, ["yes", "no"], "no") === "yes";
  }

  #choice<const Word extends string>(
    section: Section,
    key: string,
    words: readonly Word[],
    fallback: Word,
  ): Word {
    const setting = section.settings.find((candidate) => candidate.key === key);
    if (setting === undefined) return fallback;
    const word = words.find((candidate) => candidate === setting.value.toLowerCase());
    if (word === undefined)
      this.#refuse(setting.line, `${key}=${setting.value.slice(0, 40)}: ${words.join(", ")} was wanted`);
    return word ?? fallback;
  }

  #onlyOnce(section: string, devices: readonly string[]): void {
    const twice = devices.find((device, index) => device !== "" && devices.indexOf(device) < index);
    if (twice !== undefined) this.#refuse(0, `${twice} is the dev of two [${section}] sections`);
  }

  #refuse(line: number, found: string): void {
    this.#problems.push(problem(line === 0 ? found : `line ${line}: ${found}`));
  }
}

const POWERS: Readonly<Record<string, number>> = { "": 2, K: 1, M: 2, G: 3, T: 4 };

/** `100M`, `10G`: powers of 1000, megabytes without a unit, as parted(8) has them; `MiB` for powers of 1024. */
function readSize(text: string): number | undefined {
  const [, digits, unit = "", binary] = /^(\d{1,9}(?:\.\d{1,3})?)([KMGT]?)(iB|B)?$/i.exec(text.trim()) ?? [];
  const power = POWERS[unit.toUpperCase()];
  if (digits === undefined || power === undefined) return undefined;
  return Math.round(Number(digits) * (binary?.toLowerCase() === "ib" ? 1024 : 1000) ** power);
}
