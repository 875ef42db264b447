import { readFileSync } from "node:fs";
import { attempt } from "../command.ts";

/** Where the image's packages come from: the release that this host runs, from the mirrors that it uses. */
export interface PackageSources {
  /** Code name, e.g. `bookworm`. */
  readonly suite: string;
  /** Lines as in sources.list(5). */
  readonly lines: readonly string[];
  /** apt's settings for reaching them, as in apt.conf(5). */
  readonly aptOptions: readonly string[];
}

/** Reads them off this host's apt; where its lists were never fetched, Debian's own mirror. */
export async function hostSources(): Promise<PackageSources> {
  const suite = suiteOf(readFileSync("/etc/os-release", "utf8"));
  const format = "$(ORIGIN) $(SITE) $(RELEASE) $(COMPONENT)";
  const targets = await attempt(["apt-get", "indextargets", "--format", format, "Created-By: Packages"], {
    seconds: 30,
  });
  const keys = ["Acquire::http::Proxy", "Acquire::https::Proxy", "Acquire::Check-Valid-Until"];
  const settings = await attempt(["apt-config", "dump", "--format", '%f "%v";%n', ...keys], { seconds: 30 });
  const lines = debianLines(targets.stdout, suite);
  return {
    suite,
    lines: lines.length > 0 ? lines : [`deb http://deb.debian.org/debian ${suite} main`],
    aptOptions: settings.stdout.split("\n").filter((line) => line !== ""),
  };
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
