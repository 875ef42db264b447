import { expect, test } from "bun:test";
import { debianLines, suiteOf } from "../../../qemu/image/sources.ts";

test.each([
  ["Debian 12", "VERSION_CODENAME=bookworm\nID=debian\n", "bookworm"],
  ["quoted", 'ID=debian\nVERSION_CODENAME="trixie"\n', "trixie"],
  ["without a code name", "ID=debian\n", "stable"],
])("the host's release: %s", (_, text, suite) => {
  expect(suiteOf(text)).toBe(suite);
});

test("sources of the image: Debian's own of that release, with all components, and nobody else's", () => {
  const targets = [
    "Debian http://mirror/debian bookworm main",
    "Debian http://mirror/debian bookworm contrib",
    "Debian http://mirror/debian bookworm-backports main",
    "Debian http://mirror/security bookworm-security main",
    "Debian http://mirror/debian trixie main",
    "Somebody https://else.example/apt bookworm main",
    "",
  ];
  expect(debianLines(targets.join("\n"), "bookworm")).toEqual([
    "deb http://mirror/debian bookworm main contrib",
    "deb http://mirror/security bookworm-security main",
  ]);
});
