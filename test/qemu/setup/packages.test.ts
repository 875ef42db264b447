import { expect, test } from "bun:test";
import { debianPackages, missingPackages, unknownPackages } from "../../../qemu/setup/packages.ts";

const listing = "kmod installed\ncpio config-files\nzstd not-installed\nmount installed\n";

test.each<[string, string[], string[]]>([
  ["all installed", ["kmod", "mount"], []],
  ["one removed, its configuration left", ["cpio"], ["cpio"]],
  ["one known and not installed", ["zstd"], ["zstd"]],
  ["one never heard of", ["nfs-ganesha", "kmod"], ["nfs-ganesha"]],
])("missing packages: %s", (_, wanted, missing) => {
  expect(missingPackages(wanted, listing)).toEqual(missing);
});

const policy = [
  "kmod:",
  "  Installed: (none)",
  "  Candidate: 30+20221128-1",
  "  Version table:",
  "cpio:",
  "  Installed: (none)",
  "  Candidate: (none)",
  "",
].join("\n");

test.each<[string, string[], string[]]>([
  ["a candidate", ["kmod"], []],
  ["no candidate", ["cpio"], ["cpio"]],
  ["not in the lists at all", ["zstd", "kmod"], ["zstd"]],
])("packages that apt cannot install yet: %s", (_, wanted, unknown) => {
  expect(unknownPackages(wanted, policy)).toEqual(unknown);
});

test("every package is there for a reason that can be printed", () => {
  for (const reason of Object.values(debianPackages)) expect(reason).toMatch(/^\S.{10,70}$/);
});
