import { describe, expect, test } from "bun:test";
import { parseModuleLists } from "../../agent/kernel/module-lists.ts";
import { plainPath, reduceLists, selectModules } from "../../initramfs/modules.ts";

/** Two of them compressed, as Red Hat has them; crc32c is asked for by an alias. */
const texts = {
  dep: [
    "kernel/fs/nfs/nfsv4.ko.xz: kernel/fs/nfs/nfs.ko.xz kernel/net/sunrpc/sunrpc.ko.xz",
    "kernel/fs/nfs/nfs.ko.xz: kernel/net/sunrpc/sunrpc.ko.xz",
    "kernel/net/sunrpc/sunrpc.ko.xz:",
    "kernel/lib/libcrc32c.ko:",
    "kernel/arch/x86/crypto/crc32c-intel.ko:",
    "kernel/drivers/char/hw_random/virtio-rng.ko:",
    "kernel/drivers/net/tg3.ko:",
    "",
  ].join("\n"),
  alias: [
    "# Aliases extracted from modules themselves.",
    "alias crc32c crc32c_intel",
    "alias pci:v000014E4d00001600sv*sd*bc*sc*i* tg3",
    "alias fs-nfs4 nfsv4",
    "",
  ].join("\n"),
  softdep: "softdep libcrc32c pre: crc32c\nsoftdep tg3 post: not-in-this-kernel\n",
  builtin: "kernel/net/packet/af_packet.ko\n",
};
const lists = parseModuleLists(texts);

type Row = [
  string,
  { required?: string[]; optional?: string[] },
  { chosen?: string[]; missing?: string[]; absent?: string[] },
];
const rows: Row[] = [
  ["what a module needs comes with it", { required: ["nfsv4"] }, { chosen: ["nfs", "nfsv4", "sunrpc"] }],
  [
    "a soft dependency is found by its alias",
    { required: ["libcrc32c"] },
    { chosen: ["crc32c_intel", "libcrc32c"] },
  ],
  ["a soft dependency that there is not is left out", { required: ["tg3"] }, { chosen: ["tg3"] }],
  ["- and _ are the same", { required: ["virtio-rng"] }, { chosen: ["virtio_rng"] }],
  ["what is built in is there without a file", { required: ["af_packet"] }, {}],
  ["a required module that is nowhere is missing", { required: ["nfs_v9"] }, { missing: ["nfs_v9"] }],
  ["an optional one is only absent", { optional: ["tg3", "bnx2"] }, { chosen: ["tg3"], absent: ["bnx2"] }],
  ["wanted twice is there once", { required: ["nfs"], optional: ["nfs"] }, { chosen: ["nfs", "sunrpc"] }],
];

describe("selectModules", () => {
  test.each(rows)("%s", (_, { required = [], optional = [] }, { chosen = [], missing = [], absent = [] }) => {
    const selection = selectModules(lists, required, optional);
    expect({ ...selection, chosen: selection.chosen.map((module) => module.name) }).toEqual({
      chosen,
      missing,
      absent,
    });
  });
});

test("reduceLists keeps the lines of what is inside, under the names of plain files", () => {
  const { chosen } = selectModules(lists, ["nfs", "libcrc32c"], []);
  expect(reduceLists(texts, chosen)).toEqual({
    dep: [
      "kernel/fs/nfs/nfs.ko: kernel/net/sunrpc/sunrpc.ko",
      "kernel/net/sunrpc/sunrpc.ko:",
      "kernel/lib/libcrc32c.ko:",
      "kernel/arch/x86/crypto/crc32c-intel.ko:",
      "",
    ].join("\n"),
    alias: "alias crc32c crc32c_intel\n",
    softdep: "softdep libcrc32c pre: crc32c\n",
    builtin: texts.builtin,
  });
});

test("reduceLists gives lists in which the same modules are found again", () => {
  const { chosen } = selectModules(lists, ["nfsv4", "libcrc32c", "af_packet"], []);
  const inside = parseModuleLists(reduceLists(texts, chosen));
  const again = selectModules(inside, ["nfsv4", "libcrc32c", "af_packet"], []);
  expect(again.missing).toEqual([]);
  expect(again.chosen.map((module) => module.name)).toEqual(chosen.map((module) => module.name));
});

test.each([
  ["a.ko", "a.ko"],
  ["kernel/a.ko.xz", "kernel/a.ko"],
  ["kernel/a.ko.zst", "kernel/a.ko"],
  ["kernel/a.ko.gz: kernel/b.ko.gz", "kernel/a.ko: kernel/b.ko"],
  ["kernel/a.ko.xzoo", "kernel/a.ko.xzoo"],
])("plainPath(%s) is %s", (path, plain) => {
  expect(plainPath(path)).toBe(plain);
});
