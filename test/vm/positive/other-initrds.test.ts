import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debianKernel } from "../../../initramfs/kernel.ts";
import { makeInitrd } from "../../../qemu/image/initrd-maker.ts";
import { out } from "../../../qemu/paths.ts";
import { BOOT_SECONDS, isGuestFindings, openLab } from "../lab-note.ts";

/** The root as each of them is told of it; the agent reads what else is on the command line. */
const IMAGE = "10.0.0.1:/install/netboot/debian12/x86_64/compute/rootimg";
const ROOTS = {
  dracut: { root: `nfs:${IMAGE}:ro`, ip: "dhcp" },
  "initramfs-tools": { boot: "nfs", root: "/dev/nfs", nfsroot: IMAGE, ip: ":::::eth0:dhcp" },
} as const;

for (const maker of ["dracut", "initramfs-tools"] as const) {
  test(`a node boots from an initrd made by ${maker}, with the agent in it`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "statelite-initrd-"));
    try {
      await using lab = await openLab({ name: `initrd-${maker}` });
      const kernel = await debianKernel(join(out, "kernel"), console.log);
      const initrd = await makeInitrd(maker, kernel, join(out, "pki/ca.pem"), folder);
      const change = { ...ROOTS[maker], NFSROOT: undefined, BOOTIF: undefined, "net.ifnames": "0" };
      const n01 = lab.boot("n01", change, { initrd });
      const guest = await n01.reports.waitFor(isGuestFindings, BOOT_SECONDS);
      expect(guest.report?.problems).toEqual([]);
      expect(guest.failedUnits).toBe("");
      expect(guest.contents).toMatchObject({
        "/etc/motd": "This is n01.\nWelcome to the cluster.\n",
        "/etc/demo/link.conf": "from the image\n",
      });
      expect(guest.writes).toMatchObject({ "/srv/db/row": "", "/srv/certs/ca.pem": "Read-only file system" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
