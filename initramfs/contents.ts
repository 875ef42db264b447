import { X509Certificate } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fatal } from "../agent/errors.ts";
import type { CpioEntry } from "./cpio.ts";
import { readGiven } from "./given-file.ts";
import { sharedLibraries } from "./libraries.ts";
import { run } from "./run.ts";

/** What /init, the agent and the debug shell cannot do without. */
const NEEDED_APPLETS = [
  "sh",
  "mount",
  "grep",
  "cat",
  "env",
  "setsid",
  "cttyhack",
  "sleep",
  "ip",
  "udhcpc",
  "modprobe",
  // Images that are compressed with xz; programs of the image, which is not the root yet.
  "xz",
  "chroot",
];
/** They are PID 1's business, which here is the agent's. */
const UNWANTED_APPLETS = new Set(["busybox", "init", "linuxrc"]);

/** What stands in the initrd whatever is built into it. The device nodes are for the time before devtmpfs. */
export function skeleton(): CpioEntry[] {
  return [
    ...["proc", "sys", "dev", "run", "sysroot", "etc", "root", "mnt"].map(
      (path): CpioEntry => ({ kind: "directory", path, mode: 0o755 }),
    ),
    { kind: "directory", path: "tmp", mode: 0o1777 },
    { kind: "character", path: "dev/console", mode: 0o600, major: 5, minor: 1 },
    { kind: "character", path: "dev/null", mode: 0o666, major: 1, minor: 3 },
  ];
}

/** The agent and its libraries. */
export async function agentFiles(agent: string): Promise<CpioEntry[]> {
  const data = await readProgram("statelite-agent", agent, "run npm run build, or give another with --agent");
  const program: CpioEntry = { kind: "file", path: "bin/statelite-agent", mode: 0o755, data };
  return [program, ...(await sharedLibraries(agent, data))];
}

/** busybox, a link for each of its applets, and its libraries where it is not a static one. */
export async function busyboxFiles(busybox: string): Promise<CpioEntry[]> {
  const remedy = "install busybox-static, or give another with --busybox";
  const data = await readProgram("busybox", busybox, remedy);
  const doing = "ask busybox for its applets";
  const list = await run([resolve(busybox), "--list"], { doing, remedy, seconds: 10 });
  const applets = Buffer.from(list)
    .toString()
    .split("\n")
    .filter((name) => /^[\w[.+-]+$/.test(name) && !UNWANTED_APPLETS.has(name));
  const lacking = NEEDED_APPLETS.filter((name) => !applets.includes(name));
  if (lacking.length > 0) {
    throw fatal("busybox-applet", { doing, on: busybox, found: `it lacks ${lacking.join(", ")}`, remedy });
  }
  const link = (path: string): CpioEntry => ({ kind: "symlink", path, mode: 0o777, target: "/bin/busybox" });
  return [
    { kind: "file", path: "bin/busybox", mode: 0o755, data },
    ...applets.map((name) => link(`bin/${name}`)),
    // The kernel calls it by this path when it wants a module itself, e.g. mlx4_en for an mlx4_core.
    link("sbin/modprobe"),
    ...(await sharedLibraries(busybox, data)),
  ];
}

/**
 * The files of a folder, each at its own place, except for udhcpc.script, which belongs to the agent's own
 * folder. What begins with `#!` is executable, whatever the mode in this checkout.
 */
export async function plainFiles(folder: string): Promise<CpioEntry[]> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name).slice(folder.length + 1));
  return await Promise.all(
    names.map(async (name): Promise<CpioEntry> => {
      const data = await Bun.file(join(folder, name)).bytes();
      const script = data[0] === 0x23 && data[1] === 0x21;
      const path = name === "udhcpc.script" ? "etc/statelite/udhcpc.script" : name;
      return { kind: "file", path, mode: script ? 0o755 : 0o644, data };
    }),
  );
}

/**
 * The certificates that the agent trusts. A private key in the file is refused: anyone can fetch an initrd.
 *
 * @returns the file as it is
 */
export async function readCa(path: string): Promise<Uint8Array> {
  const refuse = (found: string, remedy: string) =>
    fatal("ca-unusable", { doing: "put the CA into the initrd", on: path, found, remedy });
  const remedy = "give the PEM file of xcatd's CA with --ca, on a management node /etc/xcat/ca/ca-cert.pem";
  const text = (await readGiven(path, (found) => refuse(found, remedy))).toString();
  if (text.includes("PRIVATE KEY-----")) throw refuse("it holds a private key", remedy);
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) throw refuse("no certificate in it", remedy);
  for (const certificate of certificates) {
    try {
      new X509Certificate(certificate);
    } catch (error) {
      throw refuse(`a damaged certificate: ${error instanceof Error ? error.message : error}`, remedy);
    }
  }
  return Buffer.from(text);
}

async function readProgram(name: string, path: string, remedy: string): Promise<Uint8Array> {
  return await readGiven(path, (found) =>
    fatal("program-missing", { doing: `put ${name} into the initrd`, on: path, found, remedy }),
  );
}
