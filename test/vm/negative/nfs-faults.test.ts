import { rmSync } from "node:fs";
import { join } from "node:path";
import { EXPORTS } from "../../../qemu/lab.ts";
import type { Machine } from "../../../qemu/machine/machine.ts";
import { type Fault, testFaults } from "../fault.ts";

/** The NFS server is not there, not willing, or not any more. */
const FAULTS: readonly Fault[] = [
  {
    fault: "the NFS server is down at first, and back after 20 s",
    before: (lab) => lab.service("nfs").stop(),
    meanwhile: async (lab, n01) => {
      await n01.console.waitFor(/port 2049: connection refused; trying again/, 180);
      await Bun.sleep(20_000);
      await lab.service("nfs").start();
    },
    outcome: { kind: "boots", says: /NFS: 10\.0\.0\.1 port 2049: connection refused; trying again/ },
  },
  {
    fault: "the NFS server is down for good",
    before: (lab) => lab.service("nfs").stop(),
    parameters: { "statelite.mount_timeout": "8" },
    outcome: {
      kind: "fails",
      doing: "mount the image",
      found: /port 2049: connection refused.*tried for 8 s/,
      remedy: "check that the NFS server runs on 10.0.0.1",
    },
  },
  {
    fault: "the NFS server takes connections and says nothing",
    before: (lab) => lab.service("nfs").signal("SIGSTOP"),
    parameters: { "statelite.mount_timeout": "8" },
    outcome: { kind: "fails", doing: "mount the image", found: "no answer within" },
  },
  {
    fault: "the NFS server is killed in the middle of the copy, and back after 10 s",
    before: bigSource,
    meanwhile: async (lab, n01) => {
      await n01.console.waitFor(/5\/8 plan/, 180);
      await Bun.sleep(500);
      await lab.service("nfs").stop();
      await Bun.sleep(10_000);
      await lab.service("nfs").start();
    },
    outcome: { kind: "boots", says: /nothing has moved for \d+ s, is the NFS server up\? waiting: copy \S+/ },
  },
  {
    fault: "the NFS server goes for good in the middle of the copy",
    before: bigSource,
    parameters: { "statelite.deadline": "45" },
    meanwhile: async (lab, n01) => {
      await n01.console.waitFor(/5\/8 plan/, 180);
      await Bun.sleep(500);
      await lab.service("nfs").stop();
    },
    outcome: { kind: "fails", found: /45 s/ },
  },
  {
    fault: "the image is not exported",
    exports: (all) => all.filter(({ path }) => path !== EXPORTS.image),
    outcome: {
      kind: "fails",
      doing: "mount the image",
      on: `10.0.0.1:${EXPORTS.image}/rootimg`,
      found: /does not exist on the server, or is not exported/,
      remedy: "check the path and the server's exports",
    },
  },
  {
    fault: "the image is exported to nobody",
    exports: (all) => all.map((each) => (each.path === EXPORTS.image ? { ...each, access: "none" } : each)),
    parameters: {
      NFSROOT: undefined,
      root: `nfs:10.0.0.1:${EXPORTS.image}/rootimg:ro,vers=3`,
    },
    outcome: {
      kind: "fails",
      doing: "mount the image",
      found: /access denied/,
      remedy: "export it to this node",
    },
  },
  {
    fault: "the server speaks NFS 3 alone, the mount options ask for 4.2",
    nfsVersions: [3],
    parameters: { NFSROOT: undefined, root: `nfs:10.0.0.1:${EXPORTS.image}/rootimg:ro,vers=4.2` },
    outcome: {
      kind: "fails",
      doing: "mount the image",
      found: "does not offer NFS 4.2",
      remedy: "correct vers= in the mount options, or enable that version on the server",
    },
  },
  {
    fault: "the server speaks NFS 4 alone, the mount options ask for 3",
    nfsVersions: [4],
    parameters: { NFSROOT: undefined, root: `nfs:10.0.0.1:${EXPORTS.image}/rootimg:ro,vers=3` },
    outcome: { kind: "fails", doing: "mount the image", found: "does not offer NFS 3" },
  },
  {
    fault: "a source is removed on the server between its mount and the plan (ESTALE)",
    parameters: { shell: true },
    meanwhile: async (lab, n01) => {
      await leaveShell(n01, /the image is mounted at/);
      await leaveShell(n01, /the state and the litetree sources are mounted/, async () => {
        rmSync(join(lab.sources.node, "n01"), { recursive: true });
        // For a second this server answers from memory.
        await Bun.sleep(3000);
      });
    },
    outcome: {
      kind: "fails",
      on: /^"\S+" \//,
      found:
        /who has it is not known: source 1 \(10\.0\.0\.1:\/statelite\/n01\) could not be looked at: (the directory itself was removed|ESTALE)/,
      remedy: "see that the directory is still there on the server",
    },
  },
];

/** Waits for one of the pauses of `shell`, does something, and goes on. */
async function leaveShell(n01: Machine, pause: RegExp, act: () => unknown = () => undefined): Promise<void> {
  await n01.console.waitFor(pause, 180);
  await n01.console.waitForPrompt(/statelite# (?:.\[6n)?$/, 60);
  await act();
  n01.console.type("exit\n");
}

/** Enough to be copied that the copy takes a few seconds. */
async function bigSource({ sources }: { readonly sources: { readonly common: string } }): Promise<void> {
  await Bun.write(`${sources.common}/srv/scratch/big`, Buffer.alloc(200 * 2 ** 20, "0123456789abcdef"));
}

testFaults(import.meta.path, FAULTS);
