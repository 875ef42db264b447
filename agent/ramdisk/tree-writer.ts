import {
  chmodSync,
  closeSync,
  fchmodSync,
  fchownSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { O, S } from "../kernel/constants.ts";
import { errorCode } from "../kernel/errno.ts";
import { makeNode, setTimes, setXattr } from "../kernel/inode.ts";
import {
  type ArchiveEntry,
  type ArchiveSink,
  type ByteString,
  type EntryAttributes,
  NamesKept,
  readable,
} from "./archive.ts";
import { bytesOf, DirectoriesInside } from "./directories-inside.ts";
import { ArchiveError } from "./incremental.ts";

type EntryOf<Kind extends ArchiveEntry["kind"]> = Extract<ArchiveEntry, { kind: Kind }>;

/** What writing came to. */
export interface Written {
  readonly bytes: number;
  readonly files: number;
  /** Attributes that the file system has no place for, and other things left out; a few of them. */
  readonly notes: readonly string[];
}

const NOTES = 20;

/**
 * Writes members below a directory and nowhere else: each parent is looked up inside the tree, whatever symlinks the
 * archive made before, and the last component is never followed. A later member of the same name takes the place of
 * an earlier one. In place rather than on threads: the tree is a tmpfs, and memory makes nobody wait.
 */
export class TreeWriter implements ArchiveSink {
  readonly #directories: DirectoriesInside;
  /** Of directories, given them at the end: what is written into one changes them. */
  readonly #times = new Map<ByteString, bigint>();
  readonly #kept = new NamesKept();
  readonly #notes: string[] = [];
  #bytes = 0;
  #files = 0;
  #current:
    | { readonly fd: number; readonly path: ByteString; readonly attributes: EntryAttributes }
    | undefined;

  /** @param top descriptor of the directory, open for as long as this is used */
  constructor(top: number) {
    this.#directories = new DirectoriesInside(top);
  }

  get written(): Written {
    return { bytes: this.#bytes, files: this.#files, notes: this.#notes };
  }

  begin(entry: ArchiveEntry): void {
    this.#files++;
    // Only here: what one member needs stays open until it is done.
    this.#directories.closeSome();
    if (entry.path === "") {
      if (entry.kind !== "directory") throw new ArchiveError(`its top is a ${entry.kind}, not a directory`);
      this.#directory(entry);
      return;
    }
    switch (entry.kind) {
      case "file":
        this.#file(entry);
        break;
      case "directory":
        this.#directory(entry);
        break;
      case "hardlink":
        this.#hardlink(entry);
        break;
      case "symlink":
        this.#make(entry.path, (place) => symlinkSync(bytesOf(entry.target), place));
        this.#attributes(entry.path, entry, false);
        break;
      case "character":
      case "block":
      case "fifo":
        this.#make(entry.path, (place) => makeNode(place, nodeMode(entry), nodeDevice(entry)));
        this.#attributes(entry.path, entry, true);
        break;
      case "socket":
        this.#note(`${readable(entry.path)}: a socket, left out`);
        break;
      default:
        entry satisfies never;
    }
  }

  content(bytes: Uint8Array): void {
    const fd = this.#current?.fd;
    // An empty member with content is one that says it has none.
    if (fd === undefined) return;
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    this.#bytes += bytes.length;
  }

  end(): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    try {
      fchownSync(current.fd, current.attributes.uid, current.attributes.gid);
      this.#xattrs(current.path, current.attributes);
      fchmodSync(current.fd, current.attributes.mode);
    } finally {
      closeSync(current.fd);
    }
    setTimes(this.#directories.place(current.path), current.attributes.mtimeNs, current.attributes.mtimeNs);
  }

  /** After the last member. */
  finish(): void {
    for (const [path, mtimeNs] of this.#times) {
      try {
        setTimes(this.#directories.place(path), mtimeNs, mtimeNs);
      } catch (error) {
        // A later member has taken its place.
        if (!["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) throw error;
      }
    }
  }

  /** Whatever happened before. */
  close(): void {
    if (this.#current !== undefined) closeSync(this.#current.fd);
    this.#current = undefined;
    this.#directories.forget();
  }

  #file(entry: EntryOf<"file">): void {
    const flags = O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW | O.CLOEXEC;
    const fd = this.#make(entry.path, (place) => openSync(place, flags, 0o600));
    this.#current = { fd, path: entry.path, attributes: entry };
  }

  #hardlink(entry: EntryOf<"hardlink">): void {
    try {
      // A list of names that has one of them twice makes a link to itself, and the content may come with that.
      if (entry.target === entry.path) lstatSync(this.#directories.place(entry.target));
      else this.#make(entry.path, (place) => linkSync(this.#directories.place(entry.target), place));
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
      throw new ArchiveError(
        `${readable(entry.path)} is a link to ${readable(entry.target)}, which is not there before it`,
      );
    }
    if (entry.size === 0) return;
    const place = this.#directories.place(entry.path);
    // A member that came in between may be a device there now: the node's disk is not the archive's to write on.
    if (!lstatSync(place).isFile())
      throw new ArchiveError(`${readable(entry.path)} has content and is a link to what is no file`);
    const fd = openSync(place, O.WRONLY | O.TRUNC | O.NOFOLLOW | O.NONBLOCK | O.CLOEXEC);
    this.#current = { fd, path: entry.path, attributes: entry };
  }

  #directory(entry: EntryOf<"directory">): void {
    const { path } = entry;
    if (path !== "" && !this.#madeDirectory(path)) return;
    this.#attributes(path, entry, true);
    // Named again, as archives that are put together do, it takes up no more.
    if (!this.#times.has(path)) this.#kept.add(path);
    this.#times.set(path, entry.mtimeNs);
  }

  /** False where a symlink stands there that leads to a directory: it stays, as /lib -> usr/lib has to. */
  #madeDirectory(path: ByteString): boolean {
    const place = this.#directories.place(path);
    try {
      mkdirSync(place, 0o700);
      return true;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    const there = lstatSync(place);
    if (there.isDirectory()) return true;
    if (there.isSymbolicLink() && this.#leadsToDirectory(path)) return false;
    this.#remove(path);
    mkdirSync(this.#directories.place(path), 0o700);
    return true;
  }

  #leadsToDirectory(path: ByteString): boolean {
    try {
      this.#directories.at(path);
      return true;
    } catch {
      return false; // Leads nowhere, in a circle, or to a file: all the same here.
    }
  }

  /** Makes what has a name of its own; what has that name already goes away first. */
  #make<T>(path: ByteString, make: (place: Buffer) => T): T {
    try {
      return make(this.#directories.place(path));
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    this.#remove(path);
    return make(this.#directories.place(path));
  }

  #remove(path: ByteString): void {
    const place = this.#directories.place(path);
    try {
      if (lstatSync(place).isDirectory()) rmdirSync(place);
      else unlinkSync(place);
    } catch (error) {
      if (errorCode(error) !== "ENOTEMPTY") throw error;
      throw new ArchiveError(`${readable(path)} is a directory with content first and something else later`);
    }
    // What was reached through it may be elsewhere now.
    this.#directories.forget();
  }

  /** Owner, attributes, mode and times, in the order in which none undoes another. */
  #attributes(path: ByteString, entry: EntryAttributes, hasMode: boolean): void {
    const place = this.#directories.place(path);
    lchownSync(place, entry.uid, entry.gid);
    this.#xattrs(path, entry);
    if (hasMode) chmodSync(place, entry.mode);
    setTimes(place, entry.mtimeNs, entry.mtimeNs);
  }

  #xattrs(path: ByteString, { xattrs }: EntryAttributes): void {
    for (const xattr of xattrs) {
      try {
        setXattr(this.#directories.place(path), xattr);
      } catch (error) {
        if (errorCode(error) !== "EOPNOTSUPP" && errorCode(error) !== "ENOTSUP") throw error;
        this.#note(
          `${readable(path)}: attribute ${xattr.name} is not kept, the file system has no place for it`,
        );
      }
    }
  }

  #note(text: string): void {
    if (this.#notes.length < NOTES) this.#notes.push(text);
  }
}

function nodeMode(entry: EntryOf<"character" | "block" | "fifo">): number {
  return { character: S.IFCHR, block: S.IFBLK, fifo: S.IFIFO }[entry.kind] | 0o600;
}

/** makedev(3), as the C library packs the two numbers. */
function nodeDevice(entry: EntryOf<"character" | "block" | "fifo">): bigint {
  if (entry.kind === "fifo") return 0n;
  const [major, minor] = [BigInt(entry.major), BigInt(entry.minor)];
  return (
    ((major & 0xfffff000n) << 32n) |
    ((major & 0xfffn) << 8n) |
    ((minor & 0xffffff00n) << 12n) |
    (minor & 0xffn)
  );
}
