import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { partitionDevice } from "../../../agent/localdisk/plan.ts";
import { ENDS, swapHeader, tableBytes } from "../../../agent/localdisk/tables.ts";

/** Tables and headers as partx(8) and blkid(8), which share no code with the agent, read them. */

const base = mkdtempSync(join(tmpdir(), "statelite-tables-"));
afterAll(() => rmSync(base, { recursive: true }));

const MIB = 1 << 20;
let count = 0;

function disk(size: number, pieces: readonly (readonly [at: number, bytes: Buffer])[]): string {
  const path = join(base, `disk${++count}`);
  writeFileSync(path, "");
  truncateSync(path, size);
  const fd = openSync(path, "r+");
  for (const [at, bytes] of pieces) writeSync(fd, bytes, 0, bytes.length, at);
  closeSync(fd);
  return path;
}

function run(...argv: string[]): string {
  const { stdout, stderr } = spawnSync(argv[0] ?? "", argv.slice(1), { timeout: 10_000 });
  return `${stdout}${stderr}`.trim();
}

const partx = (path: string) =>
  run("partx", "--noheadings", "--raw", "--bytes", "--output", "NR,START,SIZE,TYPE", path).replaceAll(
    / +/g,
    " ",
  );
const kind = (path: string) => /PTTYPE=(\S+)/.exec(run("blkid", "--probe", "--output", "export", path))?.[1];

let seed = 0;
const random = () => new Uint8Array(16).fill(++seed);
const part = (number: number, start: number, end: number, swap = false) => ({
  ...{ device: partitionDevice("/dev/sda", number), number, swap },
  ...{ start: start * MIB, end: end * MIB },
});

const SIZE = 64 * MIB + 7 * 512;
const PARTS = [part(1, 1, 20), part(2, 20, 40, true), part(3, 50, 63)];

function write(table: "msdos" | "gpt", size = SIZE, parts = PARTS): readonly [number, Buffer][] {
  const { first, last } = tableBytes({ table, size, block: 512, parts, random });
  return [
    [0, first],
    [size - ENDS, last],
  ];
}

describe("a table", () => {
  test("of ptype=msdos", () => {
    const path = disk(SIZE, write("msdos"));
    expect(kind(path)).toBe("dos");
    expect(partx(path)).toBe(
      ["1 2048 19922944 0x83", "2 40960 20971520 0x82", "3 102400 13631488 0x83"].join("\n"),
    );
  });

  const linux = "0fc63daf-8483-4772-8e79-3d69d8477de4";
  const swap = "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f";
  const listed = [`1 2048 19922944 ${linux}`, `2 40960 20971520 ${swap}`, `3 102400 13631488 ${linux}`].join(
    "\n",
  );

  test("of ptype=gpt", () => {
    const path = disk(SIZE, write("gpt"));
    expect(kind(path)).toBe("gpt");
    expect(partx(path)).toBe(listed);
  });

  test("of ptype=gpt whose beginning is damaged: the copy at the disk's end serves", () => {
    const path = disk(SIZE, [...write("gpt"), [512, Buffer.alloc(512, 0xff)]]);
    expect(partx(path)).toBe(listed);
  });

  test("of ptype=gpt with 128 parts, each of them another", () => {
    const parts = Array.from({ length: 128 }, (_, n) => part(n + 1, n + 1, n + 2));
    const path = disk(130 * MIB, write("gpt", 130 * MIB, parts));
    const ids = run("partx", "--noheadings", "--raw", "--output", "UUID", path).split("\n");
    expect(new Set(ids).size).toBe(128);
    expect(partx(path).split("\n").at(-1)).toBe(`128 262144 1048576 ${linux}`);
  });

  test("leaves nothing of the one before", () => {
    const path = disk(SIZE, [...write("gpt"), ...write("msdos")]);
    expect(kind(path)).toBe("dos");
    expect(run("grep", "-c", "EFI PART", path)).toBe("0");
  });

  test("for a disk with blocks of 4 KiB counts in those", () => {
    const size = 64 * MIB;
    const { first, last } = tableBytes({ table: "gpt", size, block: 4096, parts: PARTS, random });
    const path = disk(size, [
      [0, first],
      [size - ENDS, last],
    ]);
    const shown = run("partx", "--sector-size", "4096", "--noheadings", "--raw", "--output", "NR,SIZE", path);
    expect(shown).toBe("1 19M\n2 20M\n3 13M");
  });
});

test("a swap space as mkswap writes it", () => {
  const size = 8 * MIB;
  const path = disk(size, [[0, swapHeader(size, 4096, random())]]);
  expect(run("blkid", "--probe", "--output", "export", path)).toContain("TYPE=swap");
  const made = disk(size, []);
  run("mkswap", made);
  const last = (file: string) => run("od", "-A", "n", "-t", "u4", "-j", "1024", "-N", "12", file);
  expect(last(path)).toBe(last(made));
});
