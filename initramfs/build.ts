import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { BootError, fatal, printable } from "../agent/errors.ts";
import { compile } from "./compile.ts";
import { foundOf, systemProblem } from "./given-file.ts";
import { buildInitrd } from "./initrd.ts";
import { debianKernel } from "./kernel.ts";
import { formatManifest, warnings } from "./manifest.ts";
import type { KernelModules } from "./module-files.ts";
import { type BuilderOptions, parseBuilderArguments, USAGE } from "./options.ts";

/** `npm run build`: the agent, the server and the initrd, each only where something has changed. */

const project = resolve(import.meta.dirname, "..");
const out = join(project, "out");
const cacheDir = join(out, "cache");
const LOCKED = ["package.json", "package-lock.json", "tsconfig.json"];

async function build(options: BuilderOptions): Promise<void> {
  const [agent, kernel] = await Promise.all([agentOf(options), kernelOf(options), server()]);
  const standard = join(out, "pki/ca.pem");
  const ca = options.ca ?? (existsSync(standard) ? standard : undefined);
  if (options.ca === undefined && ca !== undefined) {
    say(`${ca}: the bench's own CA goes into the initrd; a site gives that of its xcatd with --ca`);
  }
  const manifest = await buildInitrd({
    kernel,
    agent,
    busybox: options.busybox ?? "/bin/busybox",
    extraModules: options.module,
    shell: options.shell,
    identity: {
      pins: options.pin,
      requireTls: options.requireTls,
      ...(options.client !== undefined && { client: options.client }),
    },
    cpuFlags: options.baseline ? ["sse4_2"] : ["avx2"],
    cacheDir: join(cacheDir, "segments"),
    out: resolve(options.out ?? join(out, "statelite.initrd")),
    ...(ca === undefined ? {} : { ca }),
    ...(options.level === undefined ? {} : { level: options.level }),
  });
  say(formatManifest(manifest));
  for (const warning of warnings(manifest)) console.error(printable(`WARNING: ${warning}`));
}

async function agentOf(options: BuilderOptions): Promise<string> {
  if (options.agent !== undefined) return options.agent;
  const file = join(out, "statelite-agent");
  const worker = "agent/kernel/worker.ts";
  const compiled = await compile({
    project,
    entrypoints: ["agent/main.ts", ...(existsSync(join(project, worker)) ? [worker] : [])],
    inputs: ["agent", ...LOCKED],
    ...(options.baseline ? { target: `bun-linux-${process.arch}-baseline` } : {}),
    out: file,
    cacheDir,
  });
  say(`${file}: ${compiled ? "compiled" : "unchanged"}`);
  return file;
}

async function server(): Promise<void> {
  const file = join(out, "statelite-server");
  const compiled = await compile({
    project,
    entrypoints: ["server-stub/main.ts"],
    inputs: ["agent", "server-stub", ...LOCKED],
    out: file,
    cacheDir,
  });
  say(`${file}: ${compiled ? "compiled" : "unchanged"}`);
}

/** Debian's kernel, unless the site names its own. */
async function kernelOf(options: BuilderOptions): Promise<KernelModules> {
  const { kernel, modules, firmware } = options;
  if (kernel === undefined && modules === undefined) {
    const debian = await debianKernel(join(out, "kernel"), say);
    return { ...debian, ...(firmware !== undefined && { firmwareDir: await firmwareOf(firmware) }) };
  }
  const firmwareDir = await firmwareOf(firmware);
  const tree = resolve(modules ?? "/lib/modules");
  if (kernel !== undefined) {
    const isOfOneVersion = existsSync(join(tree, "modules.dep"));
    return { version: kernel, modulesDir: isOfOneVersion ? tree : join(tree, kernel), firmwareDir };
  }
  if (existsSync(join(tree, "modules.dep")))
    return { version: basename(tree), modulesDir: tree, firmwareDir };
  const versions = existsSync(tree) ? await readdir(tree) : [];
  const [version] = versions;
  if (version !== undefined && versions.length === 1)
    return { version, modulesDir: join(tree, version), firmwareDir };
  throw fatal("kernel-missing", {
    doing: "choose a kernel",
    on: tree,
    found: versions.length === 0 ? "no kernel's modules" : `modules of ${versions.join(", ")}`,
    remedy: "say which with --kernel VERSION",
  });
}

/** A tree that was named has to be one: a card without its firmware is noticed only on the node. */
async function firmwareOf(given: string | undefined): Promise<string> {
  if (given === undefined) return "/lib/firmware";
  await readdir(given).catch((error: unknown) => {
    throw fatal("builder-files", {
      doing: "look for firmware",
      on: given,
      found: foundOf(error),
      remedy: "give the folder that stands for /lib/firmware with --firmware",
    });
  });
  return given;
}

function say(line: string): void {
  console.log(line);
}

const parsed = parseBuilderArguments(process.argv.slice(2));
switch (parsed.kind) {
  case "help":
    console.log(USAGE);
    break;
  case "usage":
    console.error(printable(parsed.problem));
    console.error(USAGE);
    process.exitCode = 2;
    break;
  case "build":
    try {
      await build(parsed.options);
    } catch (error) {
      const problem = error instanceof BootError ? error : systemProblem(error);
      if (problem === undefined) throw error;
      for (const line of problem.message.split("\n")) console.error(`initramfs: ${line}`);
      process.exitCode = 1;
    }
    break;
  default:
    parsed satisfies never;
}
