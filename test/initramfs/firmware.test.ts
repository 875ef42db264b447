import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { firmwareFiles, firmwareNames } from "../../initramfs/firmware.ts";
import { buildInitrd } from "../../initramfs/initrd.ts";
import { formatManifest } from "../../initramfs/manifest.ts";
import { scratch } from "./scratch.ts";
import { smallSite } from "./site.ts";

const module = (...strings: string[]) => Buffer.from(`\x7fELF\0${strings.join("\0")}\0\0`);

describe("firmwareNames", () => {
  test.each<[string, Buffer, string[]]>([
    ["a module without any", module("license=GPL"), []],
    [
      "several, among other strings",
      module("firmware=tigon/tg3.bin", "license=GPL", "firmware=b*.fw"),
      ["tigon/tg3.bin", "b*.fw"],
    ],
    ["words that only look like it", module("alias=firmware=x", "description=no firmware=y"), []],
    ["a path that leads out", module("firmware=../../etc/shadow", "firmware=/etc/shadow"), []],
    ["a string without an end", Buffer.from("\0firmware=abc"), []],
  ])("%s", (_, bytes, names) => {
    expect(firmwareNames(bytes)).toEqual(names);
  });
});

describe("firmwareFiles", () => {
  const files: [string, string | Uint8Array][] = [
    ["card/plain.bin", "plain"],
    ["card/a.fw.xz", Bun.spawnSync(["xz", "-c"], { stdin: Buffer.from("from xz") }).stdout],
    ["card/b.fw.zst", Bun.zstdCompressSync(Buffer.from("from zst"))],
    ["both.bin", "the distribution's"],
    ["updates/both.bin", "the site's"],
    ["6.1/own.bin", "of this kernel"],
    ["updates/6.1/own.bin", "of this kernel, updated"],
    ["unasked.bin", "for nobody here"],
  ];
  test.each<[string, string[], Record<string, string>, string[]]>([
    ["a plain file", ["card/plain.bin"], { "card/plain.bin": "plain" }, []],
    [
      "compressed files, by a pattern",
      ["card/*.fw"],
      { "card/a.fw": "from xz", "card/b.fw": "from zst" },
      [],
    ],
    ["the site's update comes first", ["both.bin"], { "both.bin": "the site's" }, []],
    ["the kernel's own comes first", ["own.bin"], { "own.bin": "of this kernel, updated" }, []],
    ["what is not there is named", ["gone.bin", "no/*.fw"], {}, ["gone.bin", "no/*.fw"]],
  ])("%s", async (_, asked, found, absent) => {
    using folder = scratch();
    for (const [path, data] of files) {
      mkdirSync(dirname(join(folder.path, path)), { recursive: true });
      writeFileSync(join(folder.path, path), data);
    }
    const result = await firmwareFiles(folder.path, "6.1", [
      module(...asked.map((name) => `firmware=${name}`)),
    ]);
    const contents = result.entries.map((entry) => [
      entry.path.slice("lib/firmware/".length),
      entry.kind === "file" ? Buffer.from(entry.data).toString() : entry.kind,
    ]);
    expect(Object.fromEntries(contents)).toEqual(found);
    expect(result.absent).toEqual(absent);
  });
});

test("the initrd has the firmware of its modules, and the manifest says what is lacking", async () => {
  using folder = scratch();
  const spec = await smallSite(folder.path);
  const nic = join(spec.kernel.modulesDir, "kernel/drivers/net/virtio_net.ko");
  writeFileSync(nic, module("firmware=net/card.bin", "firmware=net/old.bin"));
  const firmwareDir = join(folder.path, "firmware");
  mkdirSync(join(firmwareDir, "net"), { recursive: true });
  writeFileSync(join(firmwareDir, "net/card.bin"), "microcode");
  const manifest = await buildInitrd({ ...spec, kernel: { ...spec.kernel, firmwareDir } });
  const system = manifest.segments.find((segment) => segment.name === "system");
  expect(system?.members).toContainEqual({ path: "lib/firmware/net/card.bin", bytes: 9 });
  expect(formatManifest(manifest)).toContain(
    "1 firmware files, 0.0 kB\nfirmware not on this host: net/old.bin\n",
  );
});
