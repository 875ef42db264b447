import fc from "fast-check";
import {
  type CpioMember,
  cpio,
  paxRecord,
  type TarMember,
  tar,
  tarMember,
} from "../agent/ramdisk/archives.ts";
import { mutated } from "./mutate.ts";

/** An archive; bytes as characters. */
export interface Archive {
  readonly format: "cpio" | "tar";
  readonly bytes: string;
}

/** Names of few parts, so that members meet each other, and the ways out of a tree. */
const name = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .array(fc.constantFrom("a", "b", "l", ".", "\xe9"), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join("/")),
  },
  fc.constantFrom(
    "",
    "/",
    "../x",
    "a/../../x",
    "./a/",
    "//a",
    "n".repeat(300),
    "d/".repeat(300),
    "TRAILER!!!",
  ),
);

function linkTarget(outside: string): fc.Arbitrary<string> {
  const up = "../".repeat(12);
  const ways = [outside, `${up}${outside.slice(1)}`, `/proc/self/root${outside}`, `/proc/1/root${outside}`];
  return fc.oneof(
    name,
    fc.constantFrom(...ways.flatMap((way) => [way, `${way}/d`, `${way}/secret`, `${way}/d/x`])),
    fc.constantFrom("..", ".", "/", "l", "/l", "a/b", "/proc/self/fd", "/proc/self/cwd"),
  );
}

const KINDS = {
  file: 0o100644,
  directory: 0o40755,
  symlink: 0o120777,
  character: 0o20666,
  block: 0o60660,
  fifo: 0o10600,
  socket: 0o140600,
};

function cpioMembers(outside: string): fc.Arbitrary<string> {
  const member = fc
    .record({
      name,
      kind: fc.constantFrom(...Object.values(KINDS), 0o100644, 0o120777, 0o40000, 0o106777, 0),
      data: fc.oneof(linkTarget(outside), fc.string({ maxLength: 30 })),
      inode: fc.nat(2),
      links: fc.constantFrom(1, 1, 2, 3),
      size: fc.option(fc.constantFrom(0, 1, 5000, 0xffffffff), { nil: undefined, freq: 12 }),
    })
    .map(
      ({ name, kind, data, inode, links, size }): CpioMember => ({
        ...{
          name,
          mode: kind,
          data: Buffer.from(data, "latin1").toString("latin1"),
          inode,
          links,
          device: [1, 3],
        },
        ...(size !== undefined && { size }),
      }),
    );
  return fc
    .tuple(fc.array(member, { maxLength: 8 }), fc.constantFrom("070701", "070701", "070702"))
    .map(([members, magic]) => cpio(members, magic).toString("latin1"));
}

function tarMembers(outside: string): fc.Arbitrary<string> {
  const target = linkTarget(outside);
  const member = fc
    .record({
      name,
      type: fc.constantFrom(..."00001122345567\0"),
      link: target,
      data: fc.string({ maxLength: 30 }),
    })
    .map((one): TarMember => one);
  const record = fc
    .tuple(
      fc.constantFrom(
        "path",
        "linkpath",
        "size",
        "uid",
        "mtime",
        "SCHILY.xattr.user.a",
        "SCHILY.xattr.security.x",
        "GNU.sparse.major",
      ),
      fc.oneof(target, fc.constantFrom("0", "-1.5", "99999999999", "1e9", "")),
    )
    .map(([keyword, value]) => paxRecord(keyword, Buffer.from(value, "latin1")));
  const ahead = fc.oneof(
    fc
      .tuple(fc.constantFrom("x", "g"), fc.array(record, { minLength: 1, maxLength: 3 }))
      .map(([type, records]): TarMember => ({ name: "h", type, data: Buffer.concat(records) })),
    fc
      .tuple(fc.constantFrom("L", "K"), target)
      .map(([type, data]): TarMember => ({ name: "h", type, data: Buffer.from(data, "latin1") })),
    fc.constantFrom("S", "V", "M", "D").map((type): TarMember => ({ name: "h", type, data: "x" })),
  );
  const patched = fc
    .tuple(
      member,
      fc.constantFrom(100, 108, 116, 124, 136, 329),
      fc.constantFrom("\x80\xff", "\xff\xff", "9999", "        ", "-1"),
    )
    .map(([one, at, text]): TarMember => ({ ...one, patch: { [at]: text } }));
  return fc
    .array(fc.oneof({ weight: 6, arbitrary: member }, { weight: 2, arbitrary: ahead }, patched), {
      maxLength: 8,
    })
    .map((members) => tar(members).toString("latin1"));
}

const goodCpio = cpio([
  { name: ".", mode: KINDS.directory },
  { name: "a", data: "content" },
  { name: "l", mode: KINDS.symlink, data: "a" },
  { name: "b", inode: 7, links: 2 },
  { name: "c", inode: 7, links: 2, data: "late" },
]).toString("latin1");
const goodTar = Buffer.concat([
  tarMember({ name: "x", type: "x", data: paxRecord("path", "a/b") }),
  tar([
    { name: "a", data: "content" },
    { name: "l", type: "2", link: "a" },
  ]),
]).toString("latin1");

/** Archives whose members go for each other and for what lies at `outside`, and good ones with damaged bytes. */
export function archives(outside: string): fc.Arbitrary<Archive> {
  const as = (format: Archive["format"], bytes: fc.Arbitrary<string>) =>
    bytes.map((text): Archive => ({ format, bytes: text }));
  return fc.oneof(
    { weight: 3, arbitrary: as("cpio", cpioMembers(outside)) },
    { weight: 3, arbitrary: as("tar", tarMembers(outside)) },
    as("cpio", mutated([goodCpio], ["070701", "070702", "00000000", "ffffffff", "\0\0\0\0", "TRAILER!!!\0"])),
    as("tar", mutated([goodTar], ["\0".repeat(512), "ustar\x0000", "20 path=/etc/x\n", "7777777", "\x80"])),
  );
}
