import { expect, test } from "bun:test";
import type { TableEdit, TableEditor } from "../../../server-stub/edit/editor.ts";
import { StatusRecorder } from "../../../server-stub/status/recorder.ts";

interface World {
  readonly recorder: StatusRecorder;
  /** `n01 booting` of each row, by edit. */
  readonly writes: string[][];
  readonly lines: string[];
}

function world(write: () => Promise<void> = () => Promise.resolve()): World {
  const writes: string[][] = [];
  const lines: string[] = [];
  const tables: TableEditor = {
    describe: (table) => `the table ${table}`,
    edit: ({ rows }: TableEdit) => {
      writes.push([...rows].map(([node, { status }]) => `${node} ${status}`));
      return write();
    },
  };
  return { recorder: new StatusRecorder(tables, { line: (text) => void lines.push(text) }), writes, lines };
}

test("what comes while others are written is written together", async () => {
  const gate = Promise.withResolvers<void>();
  const { recorder, writes } = world(() => gate.promise);
  const first = recorder.record("n01", "netbooting");
  await Bun.sleep(0);
  const others = Array.from({ length: 1000 }, (_, index) => recorder.record(`m${index}`, "netbooting"));
  gate.resolve();
  await Promise.all([first, ...others]);
  expect(writes.map((rows) => rows.length)).toEqual([1, 1000]);
});

test("of one node the newest status counts", async () => {
  const { recorder, writes } = world();
  await Promise.all([recorder.record("n01", "netbooting"), recorder.record("n01", "failed")]);
  expect(writes).toEqual([["n01 failed"]]);
});

test("a status is recorded when the promise is fulfilled, and not before", async () => {
  const gate = Promise.withResolvers<void>();
  const { recorder } = world(() => gate.promise);
  let done = false;
  const recorded = recorder.record("n01", "booting").then(() => {
    done = true;
  });
  await Bun.sleep(5);
  expect(done).toBe(false);
  gate.resolve();
  await recorded;
  expect(done).toBe(true);
});

test("what cannot be written is in the log, and the next is tried again", async () => {
  let failing = true;
  const { recorder, writes, lines } = world(() =>
    failing ? Promise.reject(new Error("disk full")) : Promise.resolve(),
  );
  await recorder.record("n01", "booting");
  failing = false;
  await recorder.record("n02", "booting");
  expect(lines).toContain("monitor: the table nodelist: disk full; not recorded: n01 booting");
  expect(writes).toEqual([["n01 booting"], ["n02 booting"]]);
});

test("closing writes what is waiting", async () => {
  const { recorder, writes } = world();
  await recorder.record("n01", "booting");
  void recorder.record("n02", "booting");
  await recorder.close();
  expect(writes).toEqual([["n01 booting"], ["n02 booting"]]);
});
