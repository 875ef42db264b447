import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bootTwice } from "../../../qemu/demo/boot-twice.ts";
import type { BootRecord } from "../../../qemu/demo/documents.ts";
import type { Parameters } from "../../../qemu/parameters.ts";
import { demo } from "../../../qemu/prepare.ts";
import { withMountOptions } from "../../../qemu/tables.ts";
import { openLab } from "../lab-note.ts";

/** Image, state and sources by version 3 of NFS; without them it is 4.2. */
const VERSION_3: Parameters = {
  NFSROOT: undefined,
  root: "nfs:10.0.0.1:/install/netboot/debian12/x86_64/compute/rootimg:ro,vers=3",
  MNTOPTS: "vers=3",
};
const OVERLAY: Parameters = { "statelite.tmpfs": "overlay" };

/** Options in the demo's tables; the judge of its two boots looks at each from inside the node. */
const OPTIONS = [
  "tmpfs",
  "tmpfs,rw",
  "link",
  "link,ro",
  "ro",
  "con",
  "link,con",
  "persistent",
  "link,persistent",
];

test("the demo's tables have every option, most of them for a file and for a directory", () => {
  const rows = readFileSync(join(demo, "tables/litefile.csv"), "utf8").matchAll(
    /^"ALL","([^"]+)",(?:"([^"]*)")?/gm,
  );
  const kinds = new Set(
    [...rows].map(
      ([, path = "", options = "tmpfs,rw"]) => `${options} ${path.endsWith("/") ? "directory" : "file"}`,
    ),
  );
  expect(OPTIONS.filter((option) => !kinds.has(`${option} file`))).toEqual([]);
  expect(
    ["tmpfs", "tmpfs,rw", "ro", "persistent", "link,persistent"].filter((o) => !kinds.has(`${o} directory`)),
  ).toEqual([]);
});

for (const [name, version, change] of [
  ["4.2", "4.2", {}],
  ["3", "3", VERSION_3],
  ["4.2, directories by overlay", "4.2", OVERLAY],
  ["3, directories by overlay", "3", { ...VERSION_3, ...OVERLAY }],
] as const) {
  test(`a node boots twice by NFS ${name}: every option is as its tables promise`, async () => {
    await using lab = await openLab({
      name: `options-${name.replaceAll(/[ ,]+/g, "-")}`,
      tables: (folder) => version === "3" && mountSourcesByVersion3(folder),
    });
    // This server says "access denied" to version 3 for a directory that is not there: the state has to be old.
    if (version === "3") mkdirSync(join(lab.state, "n01"), { recursive: true });
    const { boots, claims } = await bootTwice(lab, () => {}, change);
    expect(claims.filter((claim) => !claim.held)).toEqual([]);
    expect(claims.length).toBeGreaterThan(70);
    for (const boot of boots) {
      expect(versionsOf(boot)).toEqual(new Set([version]));
      expect(overlaysOf(boot)).toEqual("statelite.tmpfs" in change ? OVERLAYS : []);
    }
  });
}

/** Every volatile directory of the tables that is there: files are copied in any case. */
const OVERLAYS = [
  "/.statelite/tmpfs/etc/default",
  "/.statelite/tmpfs/etc/ssh",
  "/.statelite/tmpfs/opt/xcat",
  "/.statelite/tmpfs/root/.ssh",
  "/.statelite/tmpfs/srv/scratch",
  "/.statelite/tmpfs/tmp",
  "/.statelite/tmpfs/var",
  "/.statelite/tmpfs/xcatpost",
  "/srv/scratch",
];

function mountSourcesByVersion3(folder: string): void {
  const file = join(folder, "litetree.csv");
  writeFileSync(file, withMountOptions(readFileSync(file, "utf8"), "vers=3"));
}

/** Of all NFS mounts of the node: image, state, sources, and what is bound from them. */
function versionsOf({ guest }: BootRecord): Set<string> {
  return new Set(
    [...guest.mountinfo.matchAll(/ - nfs4? .*?vers=([\d.]+)/g)].map(([, version = ""]) => version),
  );
}

function overlaysOf({ guest }: BootRecord): string[] {
  const mounted = [...guest.mountinfo.matchAll(/^\S+ \S+ \S+ \S+ (\S+) .* - overlay /gm)];
  return mounted.map(([, point = ""]) => point).sort();
}
