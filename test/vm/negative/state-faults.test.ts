import { rmSync } from "node:fs";
import { join } from "node:path";
import { EXPORTS } from "../../../qemu/lab.ts";
import { type Fault, testFaults } from "../fault.ts";

/** The node's persistent area is not there, or not as it has to be. Nothing in it is lost. */
const FAULTS: readonly Fault[] = [
  {
    fault: "STATEMNT names a directory that is not exported",
    parameters: { STATEMNT: "10.0.0.1:/lite/nosuch", "statelite.mount_timeout": "10" },
    outcome: {
      kind: "fails",
      doing: "mount the persistent area",
      on: "STATEMNT 10.0.0.1:/lite/nosuch/n01",
      found: /does not exist on the server, or is not exported/,
      remedy: "check the path and the server's exports",
    },
  },
  {
    fault: "STATEMNT is exported read-only",
    exports: (all) => all.map((each) => (each.path === EXPORTS.state ? { ...each, access: "ro" } : each)),
    outcome: { kind: "fails", on: /persistent|\/lite\/state/, found: /read-only/i, remedy: /read-write|rw/ },
  },
  {
    fault: "STATEMNT is exported read-only, and the node has no directory there yet",
    before: (lab) => rmSync(join(lab.state, "n01"), { recursive: true }),
    exports: (all) => all.map((each) => (each.path === EXPORTS.state ? { ...each, access: "ro" } : each)),
    outcome: { kind: "fails", on: /10\.0\.0\.1:\/lite\/state/, found: /read-only/i, remedy: /read-write|rw/ },
  },
  {
    fault: "STATEMNT is exported with root_squash, and the node has no directory there yet",
    before: (lab) => rmSync(join(lab.state, "n01"), { recursive: true }),
    exports: (all) => all.map((each) => (each.path === EXPORTS.state ? { ...each, squashRoot: true } : each)),
    outcome: {
      kind: "fails",
      on: /10\.0\.0\.1:\/lite\/state/,
      found: /cannot be made: EACCES/,
      remedy: /root_squash/,
    },
  },
  {
    fault: "STATEMNT is full",
    stateBytes: 2 ** 20,
    before: (lab) => Bun.write(`${lab.sources.common}/srv/db/large`, Buffer.alloc(4 * 2 ** 20, "x")),
    outcome: { kind: "fails", on: '"persistent" /srv/db/', found: /ENOSPC|no space/i, remedy: /make room/ },
  },
];

testFaults(import.meta.path, FAULTS);
