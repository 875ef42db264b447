import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BootError, type Problem } from "../../agent/errors.ts";
import { directCalls } from "../../agent/kernel/calls.ts";
import { MNT_DETACH, MS } from "../../agent/kernel/constants.ts";
import { errnoNumber, SystemError } from "../../agent/kernel/errno.ts";
import { mount, umount } from "../../agent/kernel/mount.ts";
import { BootLog } from "../../agent/log.ts";
import { NfsServers } from "../../agent/mounts/nfs-probe.ts";
import { mountState } from "../../agent/mounts/state.ts";
import { Root } from "../../agent/observe/root.ts";
import { type ClaimedState, claimState } from "../../agent/statearea/claim.ts";
import type { Machine } from "../../agent/statearea/lease.ts";
import { mustHaveOwnMounts } from "./node.ts";

mustHaveOwnMounts();
const base = mkdtempSync(join(tmpdir(), "statelite-state-"));
afterAll(() => rmSync(base, { recursive: true }));

const machine = (boot: string, address: string, node = "n01"): Machine => ({
  node,
  boot,
  addresses: [address],
});
const A = machine("boot-1", "52:54:00:00:00:01");
const B = machine("boot-2", "52:54:00:00:00:02");
let count = 0;

/** A state directory that is a file system of its own. */
function makeState(data = ""): { readonly path: string } & Disposable {
  const path = join(base, String(count++));
  mkdirSync(path);
  mount("state", path, "tmpfs", 0, data);
  return { path, [Symbol.dispose]: () => umount(path, MNT_DETACH) };
}

async function claim(path: string, self: Machine, strict = false): Promise<ClaimedState | Problem> {
  try {
    return await claimState(new Root(path, directCalls), "/", self, strict);
  } catch (error) {
    if (error instanceof BootError && error.problems[0] !== undefined) return error.problems[0];
    throw error;
  }
}

const codes = (claimed: ClaimedState | Problem) =>
  "code" in claimed
    ? `${claimed.class} ${claimed.code}`
    : claimed.problems.map((p) => `${p.class} ${p.code}`).join();

/** Everything below a directory, with what files hold. */
const listing = (path: string): string =>
  spawnSync("sh", [
    "-c",
    'cd "$1" && find . -printf "%p %y %s %l\\n" | sort; find . -type f -exec cat {} +',
    "sh",
    path,
  ]).stdout.toString();

describe("a state that cannot be used is a clear failure, and nothing is written to it", () => {
  const rows: [string, string, (path: string) => void, string][] = [
    ["read-only", "", (path) => mount("", path, "", MS.REMOUNT | MS.RDONLY, ""), "fatal state-read-only"],
    ["full", "size=8k,nr_inodes=100", (path) => fill(path), "fatal state-full"],
    ["another node's", "", (path) => own(path, "owner.json", { node: "n02" }), "fatal state-owner"],
    [
      "a file where the agent's directory should be",
      "",
      (path) => writeFileSync(join(path, ".statelite"), "x"),
      "fatal state-area",
    ],
    [
      "a link out of it where the agent's directory should be",
      "",
      (path) => symlinkSync(base, join(path, ".statelite")),
      "fatal state-area",
    ],
    [
      "a directory where its lease should be",
      "",
      (path) => mkdirSync(join(ownDirectory(path), "lease.json/x"), { recursive: true }),
      "fatal state-area",
    ],
    [
      "a directory where its owner's name should be",
      "",
      (path) => mkdirSync(join(ownDirectory(path), "owner.json")),
      "fatal state-area",
    ],
    ["room for one of two files", "nr_inodes=3", (path) => ownDirectory(path), "fatal state-full"],
  ];
  test.each(rows)("%s", async (_, data, arrange, expected) => {
    using state = makeState(data);
    arrange(state.path);
    const before = listing(state.path);
    expect(codes(await claim(state.path, A))).toBe(expected);
    expect(listing(state.path)).toBe(before);
  });
});

describe("what somebody has put in the place of the agent's files", () => {
  const rows: [string, (path: string) => void][] = [
    ["no JSON", (path) => own(path, "lease.json", "{{{")],
    [
      "a link to another node's",
      (path) => symlinkSync("/etc/passwd", join(ownDirectory(path), "lease.json")),
    ],
    [
      "a FIFO, which nobody writes to",
      (path) => void spawnSync("mkfifo", [join(ownDirectory(path), "lease.json")]),
    ],
    ["a device", (path) => void spawnSync("mknod", [join(ownDirectory(path), "lease.json"), "c", "1", "5"])],
    [
      "a directory with something in it, under the name of a file that is not finished",
      (path) => {
        mkdirSync(join(ownDirectory(path), "lease.json.new/x"), { recursive: true });
      },
    ],
  ];
  test.each(rows)("%s is nothing, and is replaced", async (_, arrange) => {
    using state = makeState();
    arrange(state.path);
    expect(codes(await claim(state.path, A))).toBe("");
    expect(JSON.parse(readFileSync(join(state.path, ".statelite/lease.json"), "utf8"))).toMatchObject(A);
    expect(readdirSync(join(state.path, ".statelite")).sort()).toEqual(["lease.json", "owner.json"]);
  });
});

test.each([
  ["lease.json", "remove the directory lease.json or owner.json in .statelite there"],
  ["", "remove the file or link .statelite there"],
])("what stands in the way is named: .statelite/%s", async (name, remedy) => {
  using state = makeState();
  if (name === "") symlinkSync(base, join(state.path, ".statelite"));
  else mkdirSync(join(ownDirectory(state.path), name));
  expect(await claim(state.path, A)).toMatchObject({ remedy: expect.stringContaining(remedy) });
});

test("a machine that crashed comes back at once, however strict", async () => {
  using state = makeState();
  expect(codes(await claim(state.path, A, true))).toBe("");
  expect(codes(await claim(state.path, { ...A, boot: "boot-after" }, true))).toBe("");
});

test("the second of two machines with one name says so, and so does the first once it looks again", async () => {
  using state = makeState();
  const first = await claim(state.path, A);
  const second = await claim(state.path, B);
  expect(codes(second)).toBe("note state-lease");
  if ("code" in first || "code" in second) throw new Error("both were to go on");
  expect((await first.check())?.code).toBe("state-lease");
  expect(await second.check()).toBeUndefined();
});

test("strict: the second machine does not boot, and the lease stays the first one's", async () => {
  using state = makeState();
  const first = await claim(state.path, A, true);
  expect(codes(await claim(state.path, B, true))).toBe("fatal state-lease");
  if ("code" in first) throw new Error("it was to go on");
  expect(await first.check()).toBeUndefined();
});

test("a state that cannot be mounted: which, what the server said, what to do", async () => {
  using image = makeState();
  mkdirSync(join(image.path, ".statelite/persistent"), { recursive: true });
  const refused = () => Promise.reject(new SystemError("mount(10.0.0.1:/lite/n01)", errnoNumber("EACCES")));
  const nfs = {
    calls: { ...directCalls, mount: refused },
    log: new BootLog({ console: () => undefined, now: () => 0, verbose: false }),
    servers: new NfsServers(),
    resolve: () => Promise.resolve(["127.0.0.1"]),
  };
  const state = { servers: ["mn"], directory: "/lite", options: ["vers=4.2"] };
  const mounted = mountState(state, "n01", new Root(image.path, directCalls), nfs, 1);
  const error = await mounted.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BootError);
  expect((error as BootError).problems).toMatchObject([
    { class: "fatal", code: "state-mount", on: "STATEMNT mn:/lite/n01" },
  ]);
});

function ownDirectory(path: string): string {
  const directory = join(path, ".statelite");
  mkdirSync(directory, { recursive: true });
  return directory;
}

function own(path: string, name: string, value: unknown): void {
  writeFileSync(join(ownDirectory(path), name), typeof value === "string" ? value : JSON.stringify(value));
}

function fill(path: string): void {
  ownDirectory(path);
  spawnSync("dd", ["if=/dev/zero", `of=${join(path, "log")}`, "bs=4k"]);
}
