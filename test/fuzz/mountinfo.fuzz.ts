import fc from "fast-check";
import invariant from "tiny-invariant";
import { type MountInfo, parseMountInfo } from "../../agent/observe/mountinfo.ts";
import { mutated } from "./mutate.ts";
import { checkEqual } from "./shapes.ts";
import { pureTarget } from "./target.ts";

const samples = [
  "22 28 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw\n" +
    "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 propagate_from:2 - ext3 /dev/root rw,errors=continue\n" +
    "40 28 0:45 / /sysroot/a\\040b\\134n ro - nfs4 10.0.0.1:/i ro,vers=4.2,addr=10.0.0.1\n",
  "41 28 0:46 / / rw - tmpfs  rw\n",
];
const word = fc.string({
  unit: fc.oneof(fc.constantFrom(..." \t\n\\#-/é"), fc.constantFrom(..."abc")),
  maxLength: 8,
});
const option = fc.constantFrom("rw", "ro", "nosuid", "a=b");
const mount: fc.Arbitrary<MountInfo> = fc.record({
  id: fc.nat(),
  parent: fc.nat(),
  device: fc.constantFrom("0:45", "98:0"),
  root: word.map((text) => `/${text}`),
  mountPoint: word.map((text) => `/${text}`),
  options: fc.array(option, { minLength: 1, maxLength: 3 }),
  type: fc.constantFrom("nfs4", "tmpfs"),
  source: word,
  superOptions: fc.array(option, { minLength: 1, maxLength: 3 }),
});

export default pureTarget(
  {
    name: "mountinfo",
    about:
      "/proc/self/mountinfo: what the kernel writes is read as it was, anything else gives mounts or none.",
    inputs: 100_000,
    share: 4000,
  },
  fc.record({
    text: mutated(samples, [" ", " - ", "\\040", "\\777", "\\1", "\n", "-"]),
    mounts: fc.array(mount, { maxLength: 5 }),
  }),
  ({ text, mounts }) => {
    for (const { id, parent, mountPoint, type } of parseMountInfo(text))
      invariant(id >= 0 && parent >= 0 && mountPoint !== undefined && type !== undefined);
    checkEqual(parseMountInfo(mounts.map(written).join("")), mounts, "as the kernel wrote it");
  },
);

/** show_mountinfo() of the kernel's fs/proc_namespace.c; any number of optional fields. */
function written({
  id,
  parent,
  device,
  root,
  mountPoint,
  options,
  type,
  source,
  superOptions,
}: MountInfo): string {
  const optional = id % 3 === 0 ? "" : id % 3 === 1 ? " shared:1" : " shared:1 master:2 -x";
  return `${id} ${parent} ${device} ${mangle(root)} ${mangle(mountPoint)} ${options.join(",")}${optional} - ${type} ${mangle(source)} ${superOptions.join(",")}\n`;
}

/** mangle() of the same file: blanks, tabs, newlines, backslashes and `#`. */
function mangle(text: string): string {
  return text.replace(/[ \t\n\\#]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`);
}
