import { expect, test } from "bun:test";
import { reportSchema } from "../../../agent/report/schema.ts";
import { BOOT_SECONDS, bootFailure, openLab, POWER_OFF } from "../lab-note.ts";

test("a failed boot is told to the kernel's log and to LOGSERVER, which has its report", async () => {
  await using lab = await openLab({ name: "remote-log", logs: true });
  const n01 = lab.boot("n01", {
    NFSROOT: "10.0.0.1:/install/netboot/nosuch",
    LOGSERVER: "10.0.0.1",
    ...POWER_OFF,
  });
  // The kernel's own line, with its time before it, comes before the message for people.
  await n01.console.waitFor(
    /^\[ *\d+\.\d+\] statelite: fatal \(image-mount\): mount the image: /,
    BOOT_SECONDS,
  );
  await bootFailure(n01, BOOT_SECONDS);
  await n01.exited(BOOT_SECONDS);
  const lines = lab.service("logs").output().split("\n");
  expect(lines).toContainEqual(
    expect.stringMatching(
      /^<26>1 \S+ n01 statelite 1 image-mount - fatal problem \(image-mount\): mount the image: /,
    ),
  );
  expect(lines).toContainEqual(expect.stringMatching(/^<26>1 \S+ n01 statelite 1 failed - /));
  const pieces = lines.flatMap((line) => / statelite 1 report - report \d+\/\d+ (.*)$/.exec(line)?.[1] ?? []);
  const report = reportSchema.parse(JSON.parse(pieces.join("")));
  expect(report).toMatchObject({ node: "n01", ok: false, problems: [{ code: "image-mount" }] });
});
