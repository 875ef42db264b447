import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { scratch } from "./scratch.ts";

const PACKAGE = "linux-image-6.9.9-cloud-test";
const RELEASE = "6.9.9-cloud-test";

/** A small package of the real kind, with its modules below `lib` or, as of Debian 13, `usr/lib`. */
function makePackage(folder: string, lib: string): string {
  const tree = join(folder, "tree");
  const put = (path: string, text: string) => {
    mkdirSync(join(tree, path, ".."), { recursive: true });
    writeFileSync(join(tree, path), text);
  };
  put(
    "DEBIAN/control",
    `Package: ${PACKAGE}\nVersion: 1\nArchitecture: all\nMaintainer: test\nDescription: test\n`,
  );
  put(`boot/vmlinuz-${RELEASE}`, "a kernel");
  put(`${lib}/modules/${RELEASE}/modules.builtin`, "kernel/net/packet/af_packet.ko\n");
  put(`${lib}/modules/${RELEASE}/modules.order`, "");
  const deb = join(folder, "kernel.deb");
  const { exitCode, stderr } = Bun.spawnSync(["dpkg-deb", "-b", "--root-owner-group", tree, deb]);
  if (exitCode !== 0) throw new Error(stderr.toString());
  return deb;
}

/** Programs of these names that do what a line of sh says, before all others in PATH. */
function programs(folder: string, scripts: Readonly<Record<string, string>>): string {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >>${folder}/calls\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`;
}

const Outcome = z.object({
  kernel: z.record(z.string(), z.string()).optional(),
  error: z.string().optional(),
});

/** debianKernel() in a process of its own, whose PATH decides which apt there is. */
function debianKernel(folder: string, PATH: string): z.infer<typeof Outcome> {
  const module = JSON.stringify(resolve(import.meta.dirname, "../../initramfs/kernel.ts"));
  const script = `
    const { debianKernel } = await import(${module});
    await debianKernel(process.argv[1], () => {}).then(
      (kernel) => console.log(JSON.stringify({ kernel })),
      (error) => console.log(JSON.stringify({ error: error.message })),
    );`;
  const { stdout } = Bun.spawnSync([process.execPath, "-e", script, folder], { env: { PATH } });
  return Outcome.parse(JSON.parse(stdout.toString()));
}

const callsIn = (folder: string) => readFileSync(join(folder, "calls"), "utf8");
const depends = `printf 'Package: meta\\nDepends: ${PACKAGE} (= 1)\\n'`;

describe("debianKernel", () => {
  test.each(["lib", "usr/lib"])("unpacks the package that the meta package names, modules in %s", (lib) => {
    using folder = scratch();
    const deb = makePackage(folder.path, lib);
    const path = programs(folder.path, { "apt-cache": depends, "apt-get": `cp ${deb} ${PACKAGE}_1_all.deb` });
    const into = join(folder.path, "kernel");
    const { kernel } = debianKernel(into, path);
    const modulesDir = join(into, RELEASE, lib, "modules", RELEASE);
    expect(kernel).toEqual({
      version: RELEASE,
      vmlinuz: join(into, RELEASE, `boot/vmlinuz-${RELEASE}`),
      modulesDir,
    });
    expect(readFileSync(kernel?.["vmlinuz"] ?? "", "utf8")).toBe("a kernel");
    expect(readdirSync(modulesDir)).toContain("modules.dep");
    expect(callsIn(folder.path)).toContain(`download ${PACKAGE}`);
    expect(readdirSync(into).sort()).toEqual([RELEASE, "kernel.json"]);
  });

  test("a kernel that is there is taken without apt", () => {
    using folder = scratch();
    const deb = makePackage(folder.path, "lib");
    const path = programs(folder.path, { "apt-cache": depends, "apt-get": `cp ${deb} ${PACKAGE}_1_all.deb` });
    const into = join(folder.path, "kernel");
    const first = debianKernel(into, path);
    expect(debianKernel(into, "/nowhere")).toEqual(first);
  });

  test("a folder that lost its modules is fetched again", () => {
    using folder = scratch();
    const into = join(folder.path, "kernel");
    mkdirSync(into);
    const gone = {
      package: PACKAGE,
      version: RELEASE,
      vmlinuz: `${RELEASE}/boot/vmlinuz-${RELEASE}`,
      modulesDir: "gone",
    };
    writeFileSync(join(into, "kernel.json"), JSON.stringify(gone));
    const deb = makePackage(folder.path, "lib");
    const path = programs(folder.path, { "apt-cache": depends, "apt-get": `cp ${deb} ${PACKAGE}_1_all.deb` });
    expect(debianKernel(into, path).kernel?.["version"]).toBe(RELEASE);
  });

  test.each([
    [
      "apt knows no kernel",
      { "apt-cache": "echo 'E: No packages found' >&2; exit 100", "apt-get": "exit 0" },
      "No packages found",
    ],
    [
      "the package cannot be fetched",
      { "apt-cache": depends, "apt-get": "echo 'Temporary failure resolving' >&2; exit 100" },
      "Temporary failure resolving",
    ],
    [
      "the meta package names none",
      { "apt-cache": "echo 'Package: meta'", "apt-get": "exit 0" },
      "no kernel that it depends on",
    ],
    ["apt fetched nothing", { "apt-cache": depends, "apt-get": "exit 0" }, "no .deb file"],
  ])("where %s, it says so, with the remedy, and leaves nothing", (_, scripts, said) => {
    using folder = scratch();
    const into = join(folder.path, "kernel");
    mkdirSync(into);
    const { error } = debianKernel(into, programs(folder.path, scripts));
    expect(error).toContain(said);
    expect(error).toContain("apt-get update");
    expect(error).toContain("--kernel VERSION");
    expect(readdirSync(into)).toEqual([]);
  });
});
