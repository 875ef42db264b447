import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import invariant from "tiny-invariant";
import { BOOT_SECONDS, isAgentReport, isGuestFindings, openLab } from "../lab-note.ts";

/** How an administrator packs the image; `$1` is where to. */
const PACKING = {
  "cpio.gz": {
    pack: 'find . | cpio -o -H newc --quiet | gzip -1 >"$1"',
    root: / \/ rw\S* .*- tmpfs statelite-root rw/,
  },
  sfs: {
    pack: 'mksquashfs . "$1" -quiet -no-progress -comp zstd',
    root: / \/ rw\S* .*- overlay statelite-root rw/,
  },
} as const;

for (const [name, { pack, root }] of Object.entries(PACKING)) {
  test(`a node boots from a root in memory, ${name} by http`, async () => {
    await using lab = await openLab({ name: `ramdisk-${name}`, web: true });
    const file = join(lab.web, `rootimg.${name}`);
    const packed = spawnSync("/bin/bash", ["-o", "pipefail", "-c", pack, "pack", file], { cwd: lab.rootimg });
    invariant(packed.status === 0, `${packed.stderr}`);
    const imgurl = `http://mn//rootimg.${name}`;
    const n01 = lab.boot("n01", { NFSROOT: undefined, imgurl, rootlimit: "400m" });
    const agent = await n01.reports.waitFor(isAgentReport, BOOT_SECONDS);
    expect(agent.problems).toEqual([]);
    expect(agent.image).toBe(imgurl);
    // The initrd, its programs and the image share the node's memory.
    expect(agent.totals.peakMemory).toBeLessThan(80e6);
    const guest = await n01.reports.waitFor(isGuestFindings, BOOT_SECONDS);
    expect(guest.failedUnits).toBe("");
    expect(guest.mountinfo).toMatch(root);
    // What it was put together from is no mount of the node's.
    expect(guest.mountinfo).not.toMatch(/^\d+ \d+ \S+ \S+ \/run\/statelite/m);
    expect(guest.writes).toMatchObject({
      "/new-file": "",
      "/srv/db/row": "",
      "/srv/certs/ca.pem": "Read-only file system",
    });
    expect(guest.contents["/etc/motd"]).toBe("This is n01.\nWelcome to the cluster.\n");
    expect(guest.contents["/etc/demo/link.conf"]).toBe("from the image\n");
  });
}
