import type { BootRecord } from "./documents.ts";
import { hiddenMemory, type MountFact, mountAt, parseMountinfo } from "./facts.ts";

/** Something that has to be so, and whether it is. */
export interface Claim {
  readonly claim: string;
  readonly held: boolean;
  /** What was found; for people. */
  readonly found: string;
}

/** What the two boots were of. */
export interface Setting {
  readonly node: string;
  /** As the kernel shows them: `10.0.0.1:/lite/state/n01`. */
  readonly state: string;
  readonly sources: readonly string[];
}

/** In kB. An initramfs that was left behind is over 100 MB. */
const HIDDEN_MEMORY_LIMIT = 16 * 1024;

/** All that issue, documents and tables promise of the demo's node, checked against what two boots in a row reported. */
export function judge(first: BootRecord, second: BootRecord, setting: Setting): Claim[] {
  return [
    ...judgeBoot(first, setting).map((claim) => ({ ...claim, claim: `boot 1: ${claim.claim}` })),
    ...judgeBoot(second, setting).map((claim) => ({ ...claim, claim: `boot 2: ${claim.claim}` })),
    ...judgeLifetimes(first, second),
  ];
}

function judgeBoot({ agent, guest }: BootRecord, { node, state, sources }: Setting): Claim[] {
  const mounts = parseMountinfo(guest.mountinfo);
  const hidden = hiddenMemory(guest.meminfo, guest.memoryFilesystems, mounts);
  const content = (path: string) => (guest.contents[path] ?? "absent").trim();
  return [
    equal("multi-user.target is reached", guest.multiUser.trim(), "active"),
    equal("no unit has failed", guest.failedUnits.trim(), ""),
    equal("the agent reports no problem", agent.problems.map((p) => `${p.on}: ${p.found}`).join("; "), ""),
    mount("/.statelite is a tmpfs", mounts, "/.statelite", { type: /^tmpfs$/, source: /./, option: "rw" }),
    mount("the node's state is mounted, writable", mounts, `/.statelite/persistent/${node}`, {
      type: /^nfs4?$/,
      source: exactly(state),
      option: "rw",
    }),
    ...sources.map((source) =>
      mount(`${source} is mounted, read-only`, mounts, `/.statelite/mnt/${source.replace(":", "")}`, {
        type: /^nfs4?$/,
        source: exactly(source),
        option: "ro",
      }),
    ),
    equal("no other node's state is visible", guest.statesSeen.trim(), node),
    atLeast(
      "statelite.log has a line for each entry",
      guest.stateliteLog.trim().split("\n").length,
      agent.entries.length,
    ),
    equal("report.json is there", String(guest.report !== null), "true"),
    atMost("the initramfs' memory is free again (kB left)", hidden, HIDDEN_MEMORY_LIMIT),
    // Winners: the node's own source, the common one, the image's default; con takes both sources.
    equal("tmpfs: the node's source wins", content("/etc/demo/tmpfs.conf"), "from the node's source"),
    equal("ro: the common source wins", content("/etc/demo/fixed.conf"), "from the common source"),
    equal("link: only the image has it", content("/etc/demo/link.conf"), "from the image"),
    equal("con: every source in order", content("/etc/motd"), "This is n01.\nWelcome to the cluster."),
    equal("link,con: the same", content("/etc/issue"), "n01 issue\ncommon issue"),
    equal("ro directory: the common source's", content("/srv/certs/ca.pem"), "from the common source"),
    equal("tmpfs directory: the image's", content("/srv/scratch/README"), "from the image"),
    equal(
      "link,ro leads into the source's mount",
      guest.links["/etc/demo/live.conf"]?.includes("/mnt/") ? "yes" : "no",
      "yes",
    ),
    ...[
      "/etc/demo/tmpfs.conf",
      "/etc/demo/link.conf",
      "/etc/demo/blank.conf",
      "/srv/scratch/note",
      "/var/tmp/note",
    ].map((path) => equal(`${path} can be written`, guest.writes[path], "")),
    ...["/srv/db/row", "/etc/demo/licence.key", "/var/lib/demo/counter"].map((path) =>
      equal(`${path} can be written`, guest.writes[path], ""),
    ),
    ...[
      "/etc/demo/live.conf",
      "/etc/demo/fixed.conf",
      "/srv/certs/ca.pem",
      "/usr/lib/os-release",
      "/new-file",
    ].map((path) => equal(`${path} cannot be written`, guest.writes[path]?.trim(), "Read-only file system")),
  ];
}

/** What may differ between the boots, and what must not. */
function judgeLifetimes(first: BootRecord, second: BootRecord): Claim[] {
  const before = (path: string) => (first.guest.contents[path] ?? "absent").trim();
  const after = (path: string) => (second.guest.contents[path] ?? "absent").trim();
  const volatile = ["/etc/demo/tmpfs.conf", "/etc/demo/link.conf", "/etc/demo/blank.conf"];
  const kept = ["/srv/db/row", "/etc/demo/licence.key", "/var/lib/demo/counter"];
  return [
    equal("the state was seeded from the image (directory)", before("/srv/db/schema"), "from the image"),
    equal(
      "the state was seeded from the node's source (file)",
      before("/etc/demo/licence.key"),
      "from the node's source",
    ),
    ...volatile.map((path) => equal(`${path} is fresh after the second boot`, after(path), before(path))),
    ...["/srv/scratch/note", "/var/tmp/note"].map((path) =>
      equal(
        `${path} is gone after the second boot`,
        after(path).includes("No such file") ? "gone" : after(path),
        "gone",
      ),
    ),
    ...kept.map((path) =>
      equal(
        `${path} is what the first boot wrote`,
        after(path).startsWith("written by boot ") ? "kept" : after(path),
        "kept",
      ),
    ),
    equal("the machine id is the same", after("/etc/machine-id"), before("/etc/machine-id")),
    equal("the machine id is one", String(/^[0-9a-f]{32}$/.test(after("/etc/machine-id"))), "true"),
  ];
}

function equal(claim: string, found: string | undefined, wanted: string): Claim {
  return { claim, held: found === wanted, found: found ?? "nothing" };
}

function atLeast(claim: string, found: number, wanted: number): Claim {
  return { claim, held: found >= wanted, found: `${found}` };
}

function atMost(claim: string, found: number, wanted: number): Claim {
  return { claim, held: found <= wanted, found: `${Math.round(found)}` };
}

function mount(
  claim: string,
  mounts: readonly MountFact[],
  target: string,
  wanted: { readonly type: RegExp; readonly source: RegExp; readonly option: string },
): Claim {
  const there = mountAt(mounts, target);
  if (there === undefined) return { claim, held: false, found: `nothing is mounted at ${target}` };
  const held =
    wanted.type.test(there.type) && wanted.source.test(there.source) && there.options.has(wanted.option);
  return { claim, held, found: `${there.source} (${there.type}, ${[...there.options].join(",")})` };
}

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/[.*+?^$(){}|[\]\\]/g, "\\$&")}$`);
}
