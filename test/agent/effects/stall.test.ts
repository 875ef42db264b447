import { expect, jest, test } from "bun:test";
import { StallWatch } from "../../../agent/effects/stall.ts";
import type { Op } from "../../../agent/plan/op.ts";

const OP: Op = {
  kind: "remember",
  at: { tree: "/", path: "/.statelite/persistent/n01" },
  row: { options: "persistent", path: "/srv/db/" },
};

test("what is under way and does not move is said after 5 s, and again; what moves is not", async () => {
  jest.useFakeTimers();
  try {
    let now = 0;
    const said: string[] = [];
    const log = { say: (text: string) => void said.push(text), detail: () => {}, problem: () => {} };
    const watch = new StallWatch(log, () => now);
    const pass = (milliseconds: number): void => {
      now += milliseconds;
      jest.advanceTimersByTime(milliseconds);
    };
    pass(20_000);
    expect(said).toEqual([]); // Nothing is under way.
    const done = Promise.withResolvers<{ bytes: number; files: number; notes: string[] }>();
    const run = watch.watching({ run: () => done.promise }).run(OP);
    for (let second = 0; second < 12; second++) {
      watch.moved();
      pass(1000);
    }
    expect(said).toEqual([]);
    pass(11_000);
    expect(said.length).toBe(2);
    expect(said[0]).toMatch(/^nothing has moved for \d+ s, is the NFS server up\? waiting: /);
    done.resolve({ bytes: 0, files: 0, notes: [] });
    await run;
    pass(20_000);
    expect(said.length).toBe(2);
    watch.close();
  } finally {
    jest.useRealTimers();
  }
});
