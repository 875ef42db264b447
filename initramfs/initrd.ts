import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import invariant from "tiny-invariant";
import { fatal } from "../agent/errors.ts";
import packageJson from "../package.json" with { type: "json" };
import { agentFiles, busyboxFiles, plainFiles, readCa, skeleton } from "./contents.ts";
import type { CpioEntry } from "./cpio.ts";
import { foundOf } from "./given-file.ts";
import { type Identity, identityFiles } from "./identity.ts";
import { type KernelModules, moduleFiles } from "./module-files.ts";
import { OPTIONAL_MODULES, REQUIRED_MODULES } from "./module-list.ts";
import type { ShellOption } from "./options.ts";
import { makeSegment, type Segment, writeWhole } from "./segment.ts";
import { shellLock } from "./shell-lock.ts";

/** What goes into an initrd. */
export interface InitrdSpec {
  readonly kernel: KernelModules;
  /** The compiled agent. */
  readonly agent: string;
  readonly busybox: string;
  /** PEM file of the CA that signed xcatd's certificate. Without it only `statelite.tls=insecure` boots. */
  readonly ca?: string;
  readonly identity?: Identity;
  /** Who may use the shell on the console; anybody where not given. */
  readonly shell?: ShellOption;
  /** Modules that must be in it beside {@link REQUIRED_MODULES}. */
  readonly extraModules?: readonly string[];
  /** Words of /proc/cpuinfo without which the agent cannot run; `["avx2"]` where not given. */
  readonly cpuFlags?: readonly string[];
  /** zstd level; {@link DEFAULT_LEVEL} where not given. */
  readonly level?: number;
  /** Compressed segments of earlier builds; without it each build compresses all. */
  readonly cacheDir?: string;
  readonly out: string;
}

/** What was built. Sizes in bytes. */
export interface InitrdManifest {
  readonly out: string;
  readonly total: number;
  readonly kernel: string;
  readonly ca: boolean;
  /** A key is in it that everybody has who can fetch it. */
  readonly clientKey: boolean;
  readonly modules: readonly string[];
  /** Optional modules that this kernel does not have. */
  readonly absentModules: readonly string[];
  /** Firmware that the modules name and that is not on this host. */
  readonly absentFirmware: readonly string[];
  readonly segments: readonly Segment[];
}

/** The most that the default initrd may take. */
export const INITRD_LIMIT = 48_000_000;
/** 1.6 MB smaller than level 17, for 5 s more on four cores, once for each agent. */
export const DEFAULT_LEVEL = 19;

const FILES = join(import.meta.dirname, "files");

/**
 * Builds an initrd: the agent and its libraries, the system around it, the site's configuration, each an
 * archive of its own. The same input gives the same bytes.
 *
 * @throws BootError where something that must be in it is missing
 */
export async function buildInitrd(spec: InitrdSpec): Promise<InitrdManifest> {
  const { version } = spec.kernel;
  if (!/^[\w.+~-]+$/.test(version)) {
    throw fatal("kernel-missing", {
      doing: "build the initrd",
      on: `kernel ${version}`,
      found: "not a kernel's release",
      remedy: "give it as uname -r and ls /lib/modules show it",
    });
  }
  const required = [...REQUIRED_MODULES, ...(spec.extraModules ?? [])];
  const [agent, busybox, plain, modules] = await Promise.all([
    agentFiles(spec.agent),
    busyboxFiles(spec.busybox),
    plainFiles(FILES),
    moduleFiles(spec.kernel, required, OPTIONAL_MODULES),
  ]);
  const system = [...skeleton(), ...busybox, ...plain, ...modules.entries];
  const config = await configuration(spec, agent);
  const options = {
    level: spec.level ?? DEFAULT_LEVEL,
    ...(spec.cacheDir === undefined ? {} : { cacheDir: spec.cacheDir }),
  };
  const segments = await Promise.all([
    makeSegment("agent", agent, options),
    makeSegment("system", withoutThose(system, agent), options),
    makeSegment("config", config, options),
  ]);
  const initrd = Buffer.concat(segments.map(({ frame }) => frame));
  await writeChanged(spec.out, initrd);
  return {
    out: spec.out,
    total: initrd.length,
    kernel: version,
    ca: spec.ca !== undefined,
    clientKey: spec.identity?.client !== undefined,
    modules: modules.chosen,
    absentModules: modules.absent,
    absentFirmware: modules.absentFirmware,
    segments: segments.map(({ segment }) => segment),
  };
}

/** The small segment: what differs between sites, and what /init and a person want to know of the build. */
async function configuration(spec: InitrdSpec, agent: readonly CpioEntry[]): Promise<CpioEntry[]> {
  const ca = spec.ca === undefined ? undefined : await readCa(spec.ca);
  const program = agent.find((entry) => entry.path === "bin/statelite-agent");
  invariant(program?.kind === "file", "the agent's segment holds the agent");
  const build = {
    statelite: packageJson.version,
    agent: { sha256: sha256(program.data), bytes: program.data.length },
    kernel: spec.kernel.version,
    ca: ca === undefined ? null : { sha256: sha256(ca) },
  };
  const file = (name: string, data: Uint8Array): CpioEntry => ({
    kind: "file",
    path: `etc/statelite/${name}`,
    mode: 0o644,
    data,
  });
  return [
    file("build.json", Buffer.from(`${JSON.stringify(build, null, 2)}\n`)),
    file("cpu", Buffer.from((spec.cpuFlags ?? ["avx2"]).map((flag) => `${flag}\n`).join(""))),
    ...(ca === undefined ? [] : [file("ca.pem", ca)]),
    ...(await identityFiles(spec.identity ?? {})),
    ...(await shellLock(spec.shell ?? { lock: "allowed" })),
  ];
}

/** A library that agent and busybox both need is in the agent's segment already. */
function withoutThose(entries: readonly CpioEntry[], others: readonly CpioEntry[]): CpioEntry[] {
  const taken = new Set(others.map((entry) => entry.path));
  return entries.filter((entry) => !taken.has(entry.path));
}

/** Leaves a file that is right already as it is, so that its time tells when it last changed. */
async function writeChanged(out: string, bytes: Uint8Array): Promise<void> {
  const file = Bun.file(out);
  try {
    if (file.size === bytes.length && Buffer.compare(await file.bytes(), bytes) === 0) return;
    await mkdir(dirname(out), { recursive: true });
    await writeWhole(out, bytes);
  } catch (error) {
    throw fatal(
      "builder-files",
      { doing: "write the initrd", on: out, found: foundOf(error), remedy: "name another file with --out" },
      error,
    );
  }
}

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}
