import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nfsServer, portmapper } from "../../../qemu/bench/nfs.ts";
import { openNamespace, type Place } from "../../../qemu/bench/place.ts";
import { defineService } from "../../../qemu/bench/service.ts";

let place: Place;
let directory: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "bench-service-"));
  place = await openNamespace();
});

afterEach(async () => {
  await place.close();
  rmSync(directory, { recursive: true });
});

test("the NFS server starts, stops and starts again, each time until it really does", async () => {
  const exported = join(directory, "exported");
  mkdirSync(exported);
  const settings = { port: 2049, versions: [3, 4] } as const;
  const nfs = defineService(
    place,
    directory,
    nfsServer([{ directory: exported, path: "/x", access: "ro" }], settings, directory),
  );
  await defineService(place, directory, portmapper).start();
  for (let round = 0; round < 2; round++) {
    await nfs.start();
    expect(place.listening().has(2049)).toBe(true);
    await nfs.stop();
    expect(place.listening().has(2049)).toBe(false);
  }
  expect(nfs.output()).toContain("NFS SERVER INITIALIZED");
});

test("a service that ends at once: the message has its own last words", async () => {
  const broken = defineService(place, directory, {
    name: "broken",
    argv: ["sh", "-c", "echo first; echo the port is taken >&2; exit 4"],
    port: 1,
  });
  const failure = broken.start();
  await expect(failure).rejects.toThrow(/start broken: .*it ended at once: first | the port is taken/);
});

test("a service that is started twice runs once, and one that does not run can be stopped", async () => {
  const log = defineService(place, directory, { name: "log", argv: ["sh", "-c", "echo started; sleep 60"] });
  await log.stop();
  await log.start();
  await log.start();
  await log.stop("SIGTERM");
  expect(log.output().trim().split("\n").length).toBeLessThanOrEqual(1);
});
