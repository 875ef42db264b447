import { expect, test } from "bun:test";
import { BootError } from "../../../agent/errors.ts";
import { SystemError } from "../../../agent/kernel/errno.ts";
import { globMatches, parseModuleLists, resolveModule } from "../../../agent/kernel/module-lists.ts";
import { loadForHardware, loadModules, type ModuleSystem } from "../../../agent/kernel/modules.ts";

/** A small kernel: virtio over PCI, NFS, a file system with softdeps that go round in a circle. */
const LISTS: Readonly<Record<string, string>> = {
  "modules.dep": `kernel/drivers/virtio/virtio.ko:
kernel/drivers/virtio/virtio_ring.ko: kernel/drivers/virtio/virtio.ko
kernel/drivers/virtio/virtio_pci.ko: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko
kernel/drivers/net/virtio_net.ko: kernel/net/failover.ko
kernel/net/failover.ko:
kernel/net/sunrpc/sunrpc.ko:
kernel/fs/lockd/lockd.ko: kernel/net/sunrpc/sunrpc.ko
kernel/fs/nfs/nfs.ko: kernel/fs/lockd/lockd.ko kernel/net/sunrpc/sunrpc.ko
kernel/fs/nfs/nfsv4.ko.xz: kernel/fs/nfs/nfs.ko kernel/fs/lockd/lockd.ko kernel/net/sunrpc/sunrpc.ko
kernel/crypto/crc32c-generic.ko:
kernel/crypto/sha256-ssse3.ko:
kernel/fs/btrfs/btrfs.ko:
kernel/drivers/edac/first-edac.ko:
kernel/drivers/edac/second-edac.ko:
`,
  "modules.alias": `# Aliases extracted from modules themselves.
alias pci:v00001AF4d*sv*sd*bc*sc*i* virtio_pci
alias virtio:d00000001v* virtio_net
alias fs-nfs nfs
alias crypto-crc32c crc32c_generic
alias crypto-sha256 sha256-ssse3
alias cpu:type:x86,ven0000fam0006mod00[2-4]*:feature:* first_edac
alias cpu:type:x86,ven0000fam0006mod0022:feature:* second_edac
alias pci:v00001AF4d0000FFFF* not_in_this_initrd
`,
  "modules.softdep": `softdep btrfs pre: crypto-crc32c crypto-absent post: sha256-ssse3
softdep crc32c_generic ignored words pre: btrfs
`,
  "modules.builtin": "kernel/fs/ext4/ext4.ko\nkernel/fs/binfmt-elf.ko\n",
};

const lists = parseModuleLists({
  dep: LISTS["modules.dep"] ?? "",
  alias: LISTS["modules.alias"] ?? "",
  softdep: LISTS["modules.softdep"] ?? "",
  builtin: LISTS["modules.builtin"] ?? "",
});

test.each([
  ["a module comes after its dependencies", "nfsv4", ["sunrpc", "lockd", "nfs", "nfsv4"]],
  ["hyphen and underscore are the same", "virtio-ring", ["virtio", "virtio_ring"]],
  ["an alias", "fs-nfs", ["sunrpc", "lockd", "nfs"]],
  ["a modalias", "virtio:d00000001v00001AF4", ["failover", "virtio_net"]],
  [
    "all modules that a modalias matches",
    "cpu:type:x86,ven0000fam0006mod0022:feature:,0000",
    ["first_edac", "second_edac"],
  ],
  ["an alias of a module that is not there", "pci:v00001AF4d0000FFFF", undefined],
  [
    "soft dependencies before and after, the absent left out, circles ended",
    "btrfs",
    ["crc32c_generic", "btrfs", "sha256_ssse3"],
  ],
  ["part of the kernel", "ext4", []],
  ["part of the kernel, other spelling", "binfmt_elf", []],
  ["unknown", "zfs", undefined],
  ["the empty name", "", undefined],
])("resolves: %s", (_, wanted, names) => {
  expect(resolveModule(lists, wanted)?.files.map((file) => file.name)).toEqual(names as string[]);
});

test.each([
  ["abc", "abc", true],
  ["abc", "abcd", false],
  ["a*c", "abbbc", true],
  ["a*c", "abbbd", false],
  ["*", "", true],
  ["a*b*c", "a-b-b-c", true],
  ["a?c", "abc", true],
  ["a?c", "ac", false],
  ["v[0-9a]x", "v7x", true],
  ["v[0-9a]x", "vax", true],
  ["v[0-9a]x", "vbx", false],
  ["v[!0-9]x", "vbx", true],
  ["v[!0-9]x", "v1x", false],
  ["v[]]x", "v]x", true],
  ["v[x", "v[x", true],
  ["a\\*", "a*", true],
  ["a\\*", "ab", false],
  ["pci:v*d*sv*bc02*", "pci:v1d2sv3sd4bc02sc00i00", true],
])("glob %s on %s: %p", (pattern, text, expected) => {
  expect(globMatches(pattern, text)).toBe(expected);
});

test("a pattern full of stars ends soon on a text that nearly matches", () => {
  expect(globMatches(`${"*a".repeat(100)}b`, "a".repeat(5_000))).toBe(false);
});

/** A kernel that takes modules, but for `refuses` (name of the file, error number). */
function machine(options: {
  devices: (loaded: readonly string[]) => string[];
  refuses?: Readonly<Record<string, number>>;
}): ModuleSystem & { readonly inserted: string[] } {
  const inserted: string[] = [];
  return {
    directory: "/lib/modules/6.1.0-test",
    inserted,
    list: (name) => LISTS[name],
    modaliases: () => options.devices(inserted),
    insert: async (file) => {
      const name = file.slice(file.lastIndexOf("/") + 1);
      const errno = options.refuses?.[name];
      if (errno !== undefined) throw new SystemError(`finit_module(${file})`, errno);
      inserted.push(name);
    },
  };
}

const PCI_VIRTIO = "pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00";

test("a bus driver makes devices appear, and their drivers are loaded too, each module once", async () => {
  const system = machine({
    devices: (loaded) => [
      PCI_VIRTIO,
      "pci:unknown",
      ...(loaded.includes("virtio_pci.ko") ? ["virtio:d00000001v00001AF4"] : []),
    ],
  });
  const result = await loadForHardware(system);
  expect(result.loaded).toEqual(["virtio", "virtio_ring", "virtio_pci", "failover", "virtio_net"]);
  expect(system.inserted).toHaveLength(5);
  expect(result.problems).toEqual([]);
});

const [ENOENT, ENOEXEC, EEXIST, ENODEV] = [2, 8, 17, 19];

test("a driver that refuses the hardware, or is loaded already, is no problem", async () => {
  const result = await loadForHardware(
    machine({
      devices: () => [PCI_VIRTIO],
      refuses: { "virtio.ko": EEXIST, "virtio_ring.ko": EEXIST, "virtio_pci.ko": ENODEV },
    }),
  );
  expect(result.loaded).toEqual([]);
  expect(result.problems).toEqual([]);
});

test("a module that fails is named with file, error and remedy; what depends on it is not tried; the rest is", async () => {
  const system = machine({
    devices: () => [PCI_VIRTIO, "virtio:d00000001v00001AF4"],
    refuses: { "virtio_ring.ko": ENOEXEC },
  });
  const result = await loadForHardware(system);
  expect(system.inserted).toEqual(["virtio.ko", "failover.ko", "virtio_net.ko"]);
  expect(result.problems).toMatchObject([
    {
      class: "note",
      code: "module-load",
      doing: "load the module virtio_ring",
      on: "/lib/modules/6.1.0-test/kernel/drivers/virtio/virtio_ring.ko",
      found: expect.stringContaining("ENOEXEC"),
      remedy: expect.stringContaining("rebuild the initrd"),
    },
  ]);
});

test("an initrd of another kernel is told as such", async () => {
  const system = { ...machine({ devices: () => [PCI_VIRTIO] }), list: () => undefined };
  expect((await loadForHardware(system)).problems).toMatchObject([{ code: "module-lists" }]);
});

test("loading by name: all names that cannot be had are told at once", async () => {
  const system = machine({ devices: () => [], refuses: { "lockd.ko": ENOENT } });
  let caught: unknown;
  try {
    await loadModules(["zfs", "nfs", "ext4", "virtio_pci"], system);
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(BootError);
  expect((caught as BootError).problems.map((p) => [p.class, p.doing])).toEqual([
    ["fatal", "load the module zfs"],
    ["fatal", "load the module lockd"],
  ]);
  expect(system.inserted).toContain("virtio_pci.ko");
});

test("loading by name: a soft dependency that fails is a note", async () => {
  const system = machine({ devices: () => [], refuses: { "sha256-ssse3.ko": ENODEV } });
  const result = await loadModules(["btrfs"], system);
  expect(result.loaded).toEqual(["crc32c_generic", "btrfs"]);
  expect(result.problems.map((p) => p.class)).toEqual(["note"]);
});
