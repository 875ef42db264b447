import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import invariant from "tiny-invariant";
import { O } from "../../agent/kernel/constants.ts";
import { errorCode } from "../../agent/kernel/errno.ts";
import type { ArchiveEntry, ArchiveSink } from "../../agent/ramdisk/archive.ts";
import { readCpio } from "../../agent/ramdisk/cpio.ts";
import { ArchiveError, type FormatReader, Incremental } from "../../agent/ramdisk/incremental.ts";
import { readTar } from "../../agent/ramdisk/tar.ts";
import { TreeWriter } from "../../agent/ramdisk/tree-writer.ts";
import { Recorder } from "../agent/ramdisk/archives.ts";
import { type Archive, archives } from "./archives.ts";
import { Limits } from "./limits.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { type Cuts, cuts, inPieces } from "./pieces.ts";
import { checkEqual } from "./shapes.ts";
import type { FuzzTarget } from "./target.ts";

/** Trees on the disk at a time. */
const SWEEP = 500;

const target: FuzzTarget = {
  name: "archive",
  about:
    "cpio and tar archives made by an enemy: unpacked or refused, and nothing outside of their tree is touched.",
  inputs: 100_000,
  share: 300,
  open() {
    // In memory, where there is such a place: as the agent's own tree is.
    const base = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "statelite-archive-"));
    const outside = join(base, "outside");
    for (const path of ["", "d"]) mkdirSync(join(outside, path));
    for (const path of ["secret", "d/x"]) writeFileSync(join(outside, path), "secret");
    const untouched = stateOf(outside);
    const limits = new Limits();
    const sweep = () => spawnSync("rm", ["-rf", join(base, "trees")]);
    let count = 0;
    let filesBefore = openFiles();
    const check = ({ archive, sizes }: { readonly archive: Archive; readonly sizes: Cuts }) => {
      const reader = archive.format === "cpio" ? readCpio : readTar;
      const bytes = Buffer.from(archive.bytes, "latin1");
      checkEqual(
        recorded(bytes, sizes, reader),
        recorded(bytes, [bytes.length || 1], reader),
        "pieces do not matter",
      );
      if (count++ % SWEEP === 0) sweep();
      const tree = join(base, "trees", `${count}`);
      mkdirSync(tree, { recursive: true });
      unpack(bytes, sizes, reader, tree);
      checkEqual(stateOf(outside), untouched, "what lies outside");
    };
    return Promise.resolve({
      property: fc.asyncProperty(fc.record({ archive: archives(outside), sizes: cuts }), (input) =>
        limits.feed(input, check),
      ),
      warm: () => {
        filesBefore = openFiles();
        return limits.warm();
      },
      conclude: () => {
        invariant(openFiles() < filesBefore + 20, "files stay open");
        return limits.conclude();
      },
      close: () => {
        spawnSync("rm", ["-rf", base]);
        return limits.close();
      },
    });
  },
};
export default target;

/** Its members, or that it is refused. */
function recorded(bytes: Uint8Array, sizes: Cuts, reader: (sink: ArchiveSink) => FormatReader): unknown {
  const recorder = new Recorder();
  const { refusal } = read(bytes, sizes, reader(recorder));
  return [recorder.entries, refusal?.message.replace(/after \d+ bytes/, "")];
}

function read(bytes: Uint8Array, sizes: Cuts, reader: FormatReader): Outcome<void, Error> {
  return outcomeOf(() => {
    const incremental = new Incremental(reader);
    for (const piece of inPieces(bytes, sizes)) incremental.push(piece);
    incremental.end();
  }, Error);
}

/** As the agent does it, but that every device is /dev/null: whatever goes wrong, no disk is written on. */
function unpack(
  bytes: Uint8Array,
  sizes: Cuts,
  reader: (sink: ArchiveSink) => FormatReader,
  tree: string,
): void {
  const top = openSync(tree, O.RDONLY | O.DIRECTORY | O.CLOEXEC);
  const writer = new TreeWriter(top);
  const sink: ArchiveSink = {
    begin: (entry) => writer.begin(harmless(entry)),
    content: (piece) => writer.content(piece),
    end: () => writer.end(),
  };
  try {
    const { refusal } = read(bytes, sizes, reader(sink));
    if (refusal === undefined) writer.finish();
    else if (!(refusal instanceof ArchiveError) && errorCode(refusal) === undefined) throw refusal;
  } finally {
    writer.close();
    closeSync(top);
  }
}

function harmless(entry: ArchiveEntry): ArchiveEntry {
  return entry.kind === "character" || entry.kind === "block" ? { ...entry, major: 1, minor: 3 } : entry;
}

/** Every touch of an inode shows in its change time, but for reading. */
function stateOf(directory: string): unknown {
  return ["", "secret", "d", "d/x"].map((path) => {
    const { ctimeNs, nlink, size, mode } = lstatSync(join(directory, path), { bigint: true });
    return [path, ctimeNs, nlink, size, mode];
  });
}

function openFiles(): number {
  return readdirSync("/proc/self/fd").length;
}
