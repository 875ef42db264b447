import invariant from "tiny-invariant";

/**
 * The archive format of the initramfs: cpio "newc", as the kernel's
 * Documentation/driver-api/early-userspace/buffer-format.rst and cpio(5) describe it.
 */

/** One member. `path` is relative and normalised: `bin/sh`. `mode` holds the permission bits only. */
export type CpioEntry = { readonly path: string; readonly mode: number } & (
  | { readonly kind: "file"; readonly data: Uint8Array }
  | { readonly kind: "directory" }
  | { readonly kind: "symlink"; readonly target: string }
  | { readonly kind: "character"; readonly major: number; readonly minor: number }
);

const HEADER_BYTES = 110;
const MAX_FIELD = 0xffff_ffff;
/** S_IF* of inode(7). */
const TYPE_BITS = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  character: 0o020000,
} as const;

/**
 * The archive of these members and of the directories above them (mode 755 where not given).
 *
 * The same members give the same bytes, in whatever order they come: sorted by path, so that a directory
 * stands before what is in it (the kernel makes no parents by itself), inodes numbered in that order, owner
 * root:root, time 0. The link count of a file is 1: the kernel takes files of one inode number for hard
 * links, across concatenated archives too, only above that.
 *
 * @throws where a path is empty, absolute, not normalised or given twice, or data exceed 4 GiB
 */
export function cpioArchive(entries: readonly CpioEntry[]): Uint8Array {
  const members = withParents(entries).map((entry) => ({
    entry,
    name: nameBytes(entry.path),
    data: dataOf(entry),
  }));
  members.sort((a, b) => Buffer.compare(a.name, b.name));
  const trailer = Buffer.from("TRAILER!!!\0");
  const parts: Uint8Array[] = [];
  for (const [index, { entry, name, data }] of members.entries()) {
    invariant(data.length <= MAX_FIELD, `${entry.path} is larger than cpio can hold`);
    parts.push(
      header({
        inode: index + 1,
        mode: TYPE_BITS[entry.kind] | entry.mode,
        links: entry.kind === "directory" ? 2 : 1,
        size: data.length,
        major: entry.kind === "character" ? entry.major : 0,
        minor: entry.kind === "character" ? entry.minor : 0,
        nameSize: name.length,
      }),
      name,
      padding(HEADER_BYTES + name.length),
      data,
      padding(data.length),
    );
  }
  parts.push(
    header({ inode: 0, mode: 0, links: 1, size: 0, major: 0, minor: 0, nameSize: trailer.length }),
    trailer,
    padding(HEADER_BYTES + trailer.length),
  );
  return Buffer.concat(parts);
}

interface Header {
  readonly inode: number;
  readonly mode: number;
  readonly links: number;
  readonly size: number;
  readonly major: number;
  readonly minor: number;
  readonly nameSize: number;
}

/** Magic and thirteen fields of eight hexadecimal digits. */
function header(h: Header): Uint8Array {
  const owner = 0;
  const time = 0;
  const device = 0;
  const checksum = 0;
  const fields = [
    h.inode,
    h.mode,
    owner,
    owner,
    h.links,
    time,
    h.size,
    device,
    device,
    h.major,
    h.minor,
    h.nameSize,
    checksum,
  ];
  return Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
}

/** Zeros up to the next multiple of four. */
function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}

function nameBytes(path: string): Uint8Array {
  return Buffer.from(`${path}\0`);
}

function dataOf(entry: CpioEntry): Uint8Array {
  switch (entry.kind) {
    case "file":
      return entry.data;
    case "symlink":
      return Buffer.from(entry.target);
    case "directory":
    case "character":
      return new Uint8Array();
    default:
      return entry satisfies never;
  }
}

function withParents(entries: readonly CpioEntry[]): CpioEntry[] {
  const all = new Map<string, CpioEntry>();
  for (const entry of entries) {
    const parts = entry.path.split("/");
    invariant(
      !parts.some((part) => part === "" || part === "." || part === ".." || part.includes("\0")),
      `not a relative, normalised path: ${JSON.stringify(entry.path)}`,
    );
    invariant(!all.has(entry.path), `two members for ${entry.path}`);
    all.set(entry.path, entry);
  }
  for (const { path } of entries) {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const parent = parts.slice(0, depth).join("/");
      const kind = all.get(parent)?.kind ?? "directory";
      invariant(kind === "directory", `${parent} is no directory, but ${path} is to be in it`);
      if (!all.has(parent)) all.set(parent, { kind: "directory", path: parent, mode: 0o755 });
    }
  }
  return [...all.values()];
}
