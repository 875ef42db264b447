import { describe, expect, test } from "bun:test";
import { parseBuilderArguments } from "../../initramfs/options.ts";

const PIN = `sha256:${"A".repeat(43)}=`;
const none = { module: [], baseline: false, shell: { lock: "allowed" as const }, pin: [], requireTls: false };

describe("the builder's command line", () => {
  test.each([
    ["nothing", "", none],
    ["a kernel", "--kernel 6.1.0-1-amd64", { ...none, kernel: "6.1.0-1-amd64" }],
    ["--x=y", "--modules=/srv/modules", { ...none, modules: "/srv/modules" }],
    ["firmware", "--firmware /srv/fw", { ...none, firmware: "/srv/fw" }],
    ["a CA and where to write", "--ca a.pem --out b", { ...none, ca: "a.pem", out: "b" }],
    ["modules, repeated", "--module tg3 --module xfs", { ...none, module: ["tg3", "xfs"] }],
    ["other programs", "--agent a --busybox b", { ...none, agent: "a", busybox: "b" }],
    ["old processors", "--baseline", { ...none, baseline: true }],
    ["a pinned key", `--pin ${PIN}`, { ...none, pin: [PIN] }],
    [
      "a certificate for nodes",
      "--client-cert a --client-key b",
      { ...none, client: { cert: "a", key: "b" } },
    ],
    ["a server that has to prove itself", "--require-tls", { ...none, requireTls: true }],
    ["no shell", "--shell refused", { ...none, shell: { lock: "refused" as const } }],
    [
      "a shell behind a password",
      "--shell password:hash",
      { ...none, shell: { lock: "password" as const, hashFile: "hash" } },
    ],
    ["a level", "--level 3", { ...none, level: 3 }],
  ])("%s", (_, words, options) => {
    expect(parseBuilderArguments(words.split(" ").filter(Boolean))).toEqual({ kind: "build", options });
  });

  test("--help asks for help, whatever else is there", () => {
    expect(parseBuilderArguments(["--help", "--level", "99"])).toEqual({ kind: "help" });
  });

  test.each([
    ["an unknown flag", "--kernle x", "--kernle"],
    ["a word too many", "initrd", "initrd"],
    ["a flag without its value", "--kernel", "--kernel"],
    ["an empty value", "--ca=", "--ca"],
    ["an empty module", "--module=", "--module"],
    ["a certificate without its key", "--client-cert a.pem", "--client-key"],
    ["a pin that is none", "--pin sha1:abc", "sha1:abc"],
    ["a shell for whom nobody knows", "--shell maybe", "maybe"],
    ["a password without a file", "--shell password:", "password:"],
    ["a level that is no number", "--level high", "high"],
    ["a level that the kernel's window does not fit", "--level 22", "22"],
  ])("%s is refused by its name", (_, words, named) => {
    const parsed = parseBuilderArguments(words.split(" "));
    expect(parsed.kind).toBe("usage");
    expect(parsed.kind === "usage" ? parsed.problem : "").toContain(named);
  });
});
