import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepareImage } from "../../server-stub/liteimg/prepare.ts";
import { listTree, makeImage, rows, type TestImage } from "../server-stub/support/image.ts";

/** What a chroot for genimage leaves mounted in an image is not the image's to move or remove. */

interface Case {
  readonly rule: string;
  /** The rows of a first run, before anything is mounted, and of the second. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Where another directory is mounted between the two. */
  readonly at: string;
  readonly between?: (root: string) => void;
}

const cases: readonly Case[] = [
  { rule: "a row that left the table", before: ["tmpfs /data/"], after: [], at: ".default/data/m" },
  {
    rule: "a copy that is made anew",
    before: ["tmpfs /data/"],
    after: ["tmpfs /data/"],
    at: ".default/data/m",
    between: (root) => writeFileSync(join(root, "data/new"), ""),
  },
  { rule: "a directory that is to become a link", before: [], after: ["link /data/"], at: "data" },
  { rule: "and one with a mount in it", before: [], after: ["link /data/"], at: "data/m" },
  {
    rule: "what a run that was cut off left",
    before: ["tmpfs /data/"],
    after: ["tmpfs /data/"],
    at: ".default/.liteimg-old/m",
  },
];

for (const { rule, before, after, at, between } of cases)
  test(`${rule}: nothing is changed while something is mounted there`, async () => {
    using image = makeImage({ "data/d": "image" });
    await prepareImage(image.root, rows(...before), () => {});
    const place = join(image.root, at);
    const precious = join(image.base, "precious");
    for (const directory of [place, precious]) mkdirSync(directory, { recursive: true });
    writeFileSync(join(precious, "file"), "of the management node");
    between?.(image.root);
    const tree = listTree(image.root);
    mount(precious, place);
    try {
      const problem = await refusal(image, after);
      expect(problem).toContain(`${place} is a mount`);
      expect(readFileSync(join(precious, "file"), "utf8")).toBe("of the management node");
    } finally {
      Bun.spawnSync(["umount", place]);
    }
    expect(listTree(image.root)).toEqual(tree);
    await prepareImage(image.root, rows(...after), () => {});
  });

async function refusal(image: TestImage, after: readonly string[]): Promise<string> {
  try {
    await prepareImage(image.root, rows(...after), () => {});
    return "none";
  } catch (error) {
    return String(error);
  }
}

function mount(from: string, to: string): void {
  const { success, stderr } = Bun.spawnSync(["mount", "--bind", from, to], { stderr: "pipe" });
  if (!success) throw new Error(stderr.toString());
}
