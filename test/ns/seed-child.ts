import { LinuxEffects } from "../../agent/effects/linux.ts";
import { directCalls } from "../../agent/kernel/calls.ts";
import { Root } from "../../agent/observe/root.ts";

/** A process to be cut off: seeds `/source/d` into `/state/etc/app/d` below the directory that it is given, with `merge` around what is there. */

const [base = "/nonexistent", merge] = process.argv.slice(2);
const root = new Root(base, directCalls);
const effects = new LinuxEffects(root, directCalls);
process.stdout.write("begun\n");
await effects.run({
  kind: "seed",
  row: { options: "persistent", path: "/etc/app/d/" },
  from: { tree: "/source", path: "/d" },
  follow: true,
  to: { tree: "/state", path: "/etc/app/d" },
  exclude: [],
  merge: merge === "merge",
});
process.stdout.write("done\n");
