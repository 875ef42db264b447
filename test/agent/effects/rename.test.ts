import { afterAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renameInto } from "../../../agent/effects/whole.ts";
import { directCalls } from "../../../agent/kernel/calls.ts";
import { errnoNumber, errorCode, SystemError } from "../../../agent/kernel/errno.ts";

/** As NFS does, which knows no flags for rename(2). */
const onNfs = {
  ...directCalls,
  renameNoReplace: () => Promise.reject(new SystemError("renameat2()", errnoNumber("EINVAL"))),
};

const base = mkdtempSync(join(tmpdir(), "statelite-rename-"));
afterAll(() => rmSync(base, { recursive: true }));
let count = 0;
const place = (): { readonly from: string; readonly to: string } => {
  const top = join(base, String(count++));
  mkdirSync(top);
  return { from: join(top, "from"), to: join(top, "to") };
};

describe.each([
  ["here", directCalls],
  ["on NFS", onNfs],
])("%s", (_, calls) => {
  test("a file gets its name, and has no other", async () => {
    const { from, to } = place();
    writeFileSync(from, "new");
    await renameInto(calls, from, to);
    expect(readFileSync(to, "utf8")).toBe("new");
    expect(lstatSync(to).nlink).toBe(1);
    expect(existsSync(from)).toBe(false);
  });

  test("a file that another machine has put there meanwhile is not replaced", async () => {
    const { from, to } = place();
    writeFileSync(from, "new");
    writeFileSync(to, "the other's");
    const renamed = renameInto(calls, from, to);
    expect(renamed).rejects.toMatchObject({ code: "EEXIST" });
    await renamed.catch(() => undefined);
    expect(readFileSync(to, "utf8")).toBe("the other's");
  });

  test("a file is not replaced by a symlink, nor a symlink by a file", async () => {
    const [one, other] = [place(), place()];
    symlinkSync("/nowhere", one.from);
    writeFileSync(one.to, "the other's");
    writeFileSync(other.from, "new");
    symlinkSync("/nowhere", other.to);
    for (const { from, to } of [one, other])
      expect(await renameInto(calls, from, to).catch(errorCode)).toBe("EEXIST");
  });

  test("a directory with something in it is not replaced", async () => {
    const { from, to } = place();
    mkdirSync(from);
    mkdirSync(join(to, "kept"), { recursive: true });
    const renamed = renameInto(calls, from, to);
    expect(renamed).rejects.toThrow();
    await renamed.catch(() => undefined);
    expect(existsSync(join(to, "kept"))).toBe(true);
  });

  test("a symlink gets its name, wherever it leads", async () => {
    const { from, to } = place();
    symlinkSync("/nowhere", from);
    await renameInto(calls, from, to);
    expect(lstatSync(to).isSymbolicLink()).toBe(true);
  });
});
