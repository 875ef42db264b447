import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BootLog } from "../../../agent/log.ts";
import { Watchdog } from "../../../agent/watchdog/watchdog.ts";

const base = mkdtempSync(join(tmpdir(), "statelite-watchdog-"));
afterAll(() => rmSync(base, { recursive: true }));
let count = 0;

/** A watchdog whose device is a file: what was written to it is what it was fed. */
function machine(attributes: Readonly<Record<string, string>> | undefined) {
  const [sys, dev] = [join(base, `sys${count}`), join(base, `dev${count++}`)];
  mkdirSync(dev);
  if (attributes !== undefined) {
    mkdirSync(join(sys, "watchdog0"), { recursive: true });
    for (const [name, text] of Object.entries(attributes))
      writeFileSync(join(sys, "watchdog0", name), `${text}\n`);
    writeFileSync(join(dev, "watchdog0"), "");
  }
  const log = new BootLog({ console: () => undefined, now: () => 0, verbose: false });
  return {
    watchdog: new Watchdog(log, { sys, dev }),
    fed: () => readFileSync(join(dev, "watchdog0"), "latin1"),
    said: () => log.lines.map(({ text }) => text),
  };
}

const I6300 = { identity: "i6300ESB timer", nowayout: "0" };

describe("the machine's watchdog", () => {
  const rows = [
    ["boot: fed, then stopped by its magic character", I6300, "boot", "\0\0V"],
    ["keep: fed, and left running for the real init", I6300, "keep", "\0\0\0"],
    ["soft: as boot, once the kernel's own is loaded", I6300, "soft", "\0\0V"],
    ["off: never opened", I6300, "off", ""],
    ["one that cannot be stopped is not begun", { ...I6300, nowayout: "1" }, "boot", ""],
    ["one that cannot be stopped, for an image that feeds it", { ...I6300, nowayout: "1" }, "keep", "\0\0\0"],
    ["a kernel that tells nothing of it", {}, "boot", "\0\0V"],
  ] as const;
  test.each(rows)("%s", (_, attributes, mode, fed) => {
    const { watchdog, fed: soFar } = machine(attributes);
    watchdog.expect(600);
    watchdog.begin(mode);
    watchdog.expect(30);
    watchdog.end(mode);
    watchdog.expect(30);
    expect(soFar()).toBe(fed);
  });

  test("a machine without one boots without a word of it", () => {
    const { watchdog, said } = machine(undefined);
    expect(watchdog.present).toBe(false);
    watchdog.begin("boot");
    watchdog.expect(30);
    watchdog.end("boot");
    expect(said()).toEqual([]);
  });

  test("it is fed no more once what was expected takes longer", () => {
    const { watchdog, fed } = machine(I6300);
    watchdog.expect(600);
    watchdog.begin("boot");
    watchdog.expect(-1);
    expect(fed()).toBe("\0");
  });
});
