import { readFileSync } from "node:fs";
import { attempt, run } from "../command.ts";
import { BenchError } from "../problem.ts";

/** Where the image's packages come from: the release that this host runs, from the mirrors that it uses. */
export interface PackageSources {
  /** Code name, e.g. `bookworm`. */
  readonly suite: string;
  /** Lines as in sources.list(5). */
  readonly lines: readonly string[];
  /** apt's settings for reaching them, as in apt.conf(5). */
  readonly aptOptions: readonly string[];
}

/** Reads them off this host's apt, whose lists are fetched where they never were. @throws BenchError */
export async function hostSources(): Promise<PackageSources> {
  const suite = suiteOf(readFileSync("/etc/os-release", "utf8"));
  let lines = await knownLines(suite);
  if (lines.length === 0) {
    await run(["apt-get", "update", "-qq"], { seconds: 600 });
    lines = await knownLines(suite);
  }
  if (lines.length === 0) {
    throw new BenchError({
      doing: "find where the root image's packages come from",
      on: `this host's apt, Debian ${suite}`,
      found: "none of its package sources is Debian's archive of that release",
      remedy: "add Debian's main archive to /etc/apt/sources.list, then run it again",
    });
  }
  const keys = ["Acquire::http::Proxy", "Acquire::https::Proxy", "Acquire::Check-Valid-Until"];
  const settings = await attempt(["apt-config", "dump", "--format", '%f "%v";%n', ...keys], { seconds: 30 });
  return { suite, lines, aptOptions: settings.stdout.split("\n").filter((line) => line !== "") };
}

async function knownLines(suite: string): Promise<readonly string[]> {
  const format = "$(ORIGIN) $(SITE) $(RELEASE) $(COMPONENT)";
  const targets = await attempt(["apt-get", "indextargets", "--format", format, "Created-By: Packages"], {
    seconds: 30,
  });
  return debianLines(targets.stdout, suite);
}

/** The code name in os-release(5). */
export function suiteOf(osRelease: string): string {
  return /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(osRelease)?.[1] ?? "stable";
}

/**
 * Debian's own archives of one release, out of all that this host's apt knows: the image gets nothing from others.
 *
 * @param targets lines of origin, site, release and component
 */
export function debianLines(targets: string, suite: string): string[] {
  const components = new Map<string, Set<string>>();
  for (const line of targets.split("\n")) {
    const [origin, site, release, component] = line.split(" ");
    if (origin !== "Debian" || site === undefined || component === undefined) continue;
    if (release !== suite && release !== `${suite}-updates` && release !== `${suite}-security`) continue;
    const archive = `deb ${site} ${release}`;
    const known = components.get(archive) ?? new Set();
    components.set(archive, known.add(component));
  }
  return [...components].map(([archive, names]) => `${archive} ${[...names].join(" ")}`);
}
