import { describe, expect, test } from "bun:test";
import { carryOut } from "../../../agent/effects/carry-out.ts";
import type { Done } from "../../../agent/effects/effects.ts";
import { Recorder } from "../../../agent/effects/recorder.ts";
import { SystemError } from "../../../agent/kernel/errno.ts";
import { BootLog } from "../../../agent/log.ts";
import { formatOp, type Op } from "../../../agent/plan/op.ts";
import { ReportBuilder } from "../../../agent/report/report.ts";
import { plan, problemLines, type World } from "../plan/world.ts";

/** What carrying out a plan does and says, without a file system: the recorder takes every op. */

const world: World = {
  litefile: ["tmpfs /d/", "tmpfs /d/a", "ro /d/r", "persistent /p", "link,ro /l", "con /c", "overlay /o/"],
  defaults: { "/d/a": "a", "/d/r": "r", "/d/x": "x", "/p": "p", "/l": "l", "/c": "c", "/o/y": "y" },
  state: {},
};

async function carriedOut(effects: Recorder) {
  const lines: string[] = [];
  const log = new BootLog({ console: (line) => lines.push(line), now: () => 0, verbose: true });
  const report = new ReportBuilder("test");
  const problems = await carryOut(plan(world), effects, { log, report, now: () => 0 });
  return {
    problems,
    log: lines.map((line) => line.replace(/^\[ *[\d.]+\] /, "")),
    report: report.build(true, 0),
  };
}

/** Fails where the op's line begins so. */
class Failing extends Recorder {
  readonly #on: string;
  readonly #errno: number;

  constructor(on: string, errno: number) {
    super();
    this.#on = on;
    this.#errno = errno;
  }

  override async run(op: Op): Promise<Done> {
    const done = await super.run(op);
    if (formatOp(op).startsWith(this.#on)) throw new SystemError("call", this.#errno);
    return done;
  }
}

const lines = [
  "concatenate /.default/c -> /.statelite/tmpfs/c  # con /c",
  "copy /.default/d -> /.statelite/tmpfs/d without a, r  # tmpfs /d/",
  "symlink /.statelite/tmpfs/l -> ../../.default/l  # link,ro /l",
  "overlay /.default/o below /.statelite/overlay/5 -> /.statelite/tmpfs/o  # overlay /o/",
  "seed /.default/p -> /.statelite/persistent/n01/p  # persistent /p",
  "copy /.default/d/a -> /.statelite/tmpfs/d/a  # tmpfs /d/a",
  "mountpoint /.statelite/tmpfs/d/r  # ro /d/r",
  "bind /.statelite/tmpfs/c -> /c  # con /c",
  "bind /.statelite/tmpfs/d -> /d  # tmpfs /d/",
  "bind read-only /.default/d/r -> /d/r  # ro /d/r",
  "bind /.statelite/tmpfs/o -> /o  # overlay /o/",
  "bind /.statelite/persistent/n01/p -> /p  # persistent /p",
];

describe("carrying out a plan", () => {
  test("each op is one line, parents before children, binds last; log and report say the same", async () => {
    const recorder = new Recorder();
    const { problems, log, report } = await carriedOut(recorder);
    expect(problems).toEqual([]);
    expect(recorder.lines).toEqual(lines);
    expect(log).toEqual(lines);
    expect(report.ops.map(({ op }) => op)).toEqual(lines);
  });

  test("a row that fails gives up those inside it, and no op of theirs is tried; the others go on", async () => {
    const recorder = new Failing("copy /.default/d ", 28);
    const { problems, report } = await carriedOut(recorder);
    expect(problemLines(problems)).toEqual(["op-copy /d/", "parent-failed /d/a", "parent-failed /d/r"]);
    expect(recorder.lines).toEqual(
      lines.filter((line) => !/\/d\/[ar]$/.test(line) && !line.endsWith("-> /d  # tmpfs /d/")),
    );
    expect(report.ops.filter(({ failed }) => failed !== undefined).map(({ op }) => op)).toEqual([
      lines[1] ?? "",
    ]);
  });

  test.each([
    ["copy /.default/d ", 28, /ENOSPC/, /memory/],
    ["seed", 28, /ENOSPC/, /room in the persistent area/],
    ["seed", 122, /EDQUOT/, /quota/],
    ["seed", 30, /EROFS/, /read-write/],
    ["seed", 13, /EACCES/, /no_root_squash/],
    ["copy /.default/d ", 13, /EACCES/, /source to this node with no_root_squash/],
    ["overlay", 19, /ENODEV/, /build the initrd with its module overlay, or take "overlay" out/],
    ["overlay", 22, /EINVAL/, /dmesg says why/],
    ["bind read-only", 116, /ESTALE/, /boot the node again/],
  ] as const)(
    "%p failing with error %p says what was done, why it failed and what to do",
    async (on, errno, found, remedy) => {
      const { problems } = await carriedOut(new Failing(on, errno));
      expect(problems[0]?.found.startsWith(on)).toBe(true);
      expect(problems[0]?.found).toMatch(found);
      expect(problems[0]?.remedy).toMatch(remedy);
    },
  );
});
