import { existsSync, readdirSync } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { unfinishedFolder } from "../../initramfs/unfinished.ts";
import { run } from "../command.ts";
import { out } from "../paths.ts";
import { BenchError } from "../problem.ts";

/** PostgreSQL's programs, and where their libraries are if not among the system's: an LD_LIBRARY_PATH. */
export interface PostgresPrograms {
  /** The folder of `initdb` and `postgres`. */
  readonly bin: string;
  readonly libraries?: string;
}

const REMEDY =
  "see that the network and /etc/apt/sources.list work and run apt-get update as root, or: " +
  "apt-get install --no-install-recommends postgresql";

/**
 * Debian's PostgreSQL: the installed one, else one that is fetched with apt and unpacked into a folder of the project.
 * It is not installed, as its package makes a database cluster on this host, which would start with it.
 *
 * @param say gets a line for a person before something takes long
 */
export async function postgresPrograms(
  say: (line: string) => void = console.log,
  folder = join(out, "postgresql"),
): Promise<PostgresPrograms> {
  return programsIn("/") ?? programsIn(folder) ?? (await fetchPrograms(folder, say));
}

/** Debian's paths below `root`: PostgreSQL finds all else from where its programs lie. */
function programsIn(root: string): PostgresPrograms | undefined {
  const versions = join(root, "usr/lib/postgresql");
  if (!existsSync(versions)) return undefined;
  const bin = readdirSync(versions)
    .filter((version) => /^\d+$/.test(version))
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(versions, version, "bin"))
    .find((candidate) => existsSync(join(candidate, "postgres")));
  if (bin === undefined) return undefined;
  if (root === "/") return { bin };
  const triplet = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  return { bin, libraries: ["usr/lib", "lib"].map((folder) => join(root, folder, triplet)).join(":") };
}

async function fetchPrograms(folder: string, say: (line: string) => void): Promise<PostgresPrograms> {
  const work = await unfinishedFolder(out, ".postgresql-");
  try {
    const names = await wantedPackages();
    say(`fetching ${names.join(" ")} into ${folder}, for tests of the server (not installed)`);
    await run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", ...names], {
      seconds: 300,
      cwd: work,
      remedy: REMEDY,
    });
    const tree = join(work, "tree");
    for (const file of (await readdir(work)).filter((name) => name.endsWith(".deb")))
      await run(["dpkg", "-x", join(work, file), tree], {
        seconds: 120,
        remedy: "see that the disk has room",
      });
    // Another process may have fetched the same at the same time: the first one's tree stays.
    await rename(tree, folder).catch((error: unknown) => {
      if (programsIn(folder) === undefined) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  const programs = programsIn(folder);
  if (programs !== undefined) return programs;
  throw new BenchError({
    doing: "fetch PostgreSQL",
    on: folder,
    found: "no programs in the packages",
    remedy: `remove the folder; ${REMEDY}`,
  });
}

/** What apt would install for the server: the server, and those libraries of it that this host lacks. */
async function wantedPackages(): Promise<string[]> {
  const plan = [
    "apt-get",
    "-s",
    "-o",
    "Debug::NoLocking=1",
    "--no-install-recommends",
    "install",
    "postgresql",
  ];
  const simulated = await run(plan, { seconds: 60, env: { LC_ALL: "C.UTF-8" }, remedy: REMEDY }).catch(
    async (error: unknown) => {
      // Lists that are missing: apt-get update mends that, where it may run.
      if (process.getuid?.() !== 0) throw error;
      await run(["apt-get", "-q", "update"], { seconds: 300, remedy: REMEDY });
      return run(plan, { seconds: 60, env: { LC_ALL: "C.UTF-8" }, remedy: REMEDY });
    },
  );
  const names = [...simulated.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name ?? "");
  // The compiler is only for queries of other kinds than ours.
  return names.filter(
    (name) => /^postgresql-\d+$|^lib/.test(name) && !/^lib(llvm|z3|clang|.*-perl$)/.test(name),
  );
}
