import { expect, test } from "bun:test";
import { copyProgress } from "../../../agent/effects/progress.ts";
import { BootLog } from "../../../agent/log.ts";
import { copiesOf, needOf } from "../../../agent/plan/budget.ts";
import { plan } from "../plan/world.ts";

test("after two seconds, and every two seconds, it is said how much of how much is copied", () => {
  let time = 0;
  const lines: string[] = [];
  const log = new BootLog({ console: (line) => lines.push(line.slice(12)), now: () => time, verbose: false });
  const made = plan({ litefile: ["tmpfs /a", "tmpfs /b"], defaults: { "/a": "a", "/b": "b" } });
  const needs = new Map(copiesOf(made).map(({ op }) => [op, { ...needOf(5_000_000), inodes: 100 }]));
  const [a, b] = [...needs.keys()];
  const progress = copyProgress(needs, log, () => time);
  const at = (now: number, op: typeof a, bytes: number, files: number) => {
    time = now;
    if (op !== undefined) progress(op, bytes, files);
  };
  at(0, a, 100_000, 1);
  at(1999, a, 1_000_000, 10);
  expect(lines).toEqual([]);
  at(2000, a, 1_200_000, 20);
  at(3900, b, 4_000_000, 50);
  at(4001, a, 5_000_000, 100);
  expect(lines).toEqual([
    "copied 20 of 200 files, 1.2 of 10.0 MB; now copy /.default/a -> /.statelite/tmpfs/a  # tmpfs /a",
    "copied 150 of 200 files, 9.0 of 10.0 MB; now copy /.default/a -> /.statelite/tmpfs/a  # tmpfs /a",
  ]);
});
