import { existsSync } from "node:fs";
import { join } from "node:path";
import { attempt, run } from "../command.ts";
import { BenchError, messageOf } from "../problem.ts";
import { debianPackages, missingPackages, unknownPackages } from "./packages.ts";

/** Installs those of Debian's packages that are missing; says which and why before it does. */
async function setUp(): Promise<void> {
  const wanted = Object.keys(debianPackages);
  if (Bun.which("dpkg-query") === null) throw notDebian(wanted);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders.
  const listing = await attempt(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n"], {
    seconds: 30,
  });
  const missing = missingPackages(wanted, listing.stdout);
  if (missing.length > 0) await install(missing);
  await linkMtab();
}

/** nfs-ganesha reads /etc/mtab, which a root made by debootstrap lacks; every installed Debian has this link. */
async function linkMtab(): Promise<void> {
  if (existsSync("/etc/mtab")) return;
  console.log("set-up: linking /etc/mtab to /proc/self/mounts, as nfs-ganesha reads it");
  await run([...rootPrefix([]), "ln", "-sf", "../proc/self/mounts", "/etc/mtab"], { seconds: 10 });
}

async function install(missing: readonly string[]): Promise<void> {
  console.log("set-up: installing these Debian packages:");
  for (const name of missing) console.log(`  ${name.padEnd(24)}${debianPackages[name]}`);
  const asRoot = rootPrefix(missing);
  if (await needUpdate(missing)) {
    console.log("set-up: apt-get update, as apt does not know some of them");
    await run([...asRoot, "apt-get", "update", "-qq"], {
      seconds: 600,
      show: true,
      remedy: "see that the host reaches the mirrors in /etc/apt",
    });
    await refuseUnknown(missing);
  }
  await run([...asRoot, "sh", join(import.meta.dirname, "install.sh"), ...missing], {
    seconds: 1800,
    show: true,
    remedy: `mend what apt said above, or install them by hand: apt-get install --no-install-recommends ${missing.join(" ")}`,
  });
}

async function needUpdate(names: readonly string[]): Promise<boolean> {
  return (await unknown(names)).length > 0;
}

async function unknown(names: readonly string[]): Promise<string[]> {
  const policy = await attempt(["apt-cache", "policy", ...names], {
    seconds: 60,
    env: { LC_ALL: "C.UTF-8" },
  });
  return unknownPackages(names, policy.stdout);
}

async function refuseUnknown(names: readonly string[]): Promise<void> {
  const absent = await unknown(names);
  if (absent.length === 0) return;
  throw new BenchError({
    doing: "install Debian packages",
    on: absent.join(" "),
    found: "no package source of this host has them",
    remedy:
      "add Debian's main archive (and its -security suite) to /etc/apt/sources.list, then npm run setup",
  });
}

/** How to become root: not at all, or by sudo, which may ask for a password only where somebody can type one. */
function rootPrefix(missing: readonly string[]): string[] {
  if (process.getuid?.() === 0) return [];
  if (Bun.which("sudo") !== null) return process.stdin.isTTY ? ["sudo"] : ["sudo", "-n"];
  throw new BenchError({
    doing: "install Debian packages",
    on: missing.join(" "),
    found: "this is not root, and there is no sudo",
    remedy: `run as root: apt-get install --no-install-recommends ${missing.join(" ")}`,
  });
}

function notDebian(wanted: readonly string[]): BenchError {
  return new BenchError({
    doing: "look for installed packages",
    on: "this host",
    found: "there is no dpkg-query: this is no Debian",
    remedy: `use Debian 12 or later, or a container of it; needed are ${wanted.join(" ")}`,
  });
}

try {
  await setUp();
} catch (error) {
  console.error(`set-up: ${messageOf(error)}`);
  process.exit(1);
}
