import { expect, test } from "bun:test";
import { BootLog, type LogLine } from "../../agent/log.ts";

test("a log that cannot be written is said once, told no more, and stops nobody", () => {
  const console: string[] = [];
  const log = new BootLog({ console: (line) => console.push(line), now: () => 0, verbose: false });
  const good: LogLine[] = [];
  let tries = 0;
  log.follow(() => {
    if (++tries > 1) throw new Error("ENOSPC");
  });
  log.follow((line) => good.push(line));
  log.say("one");
  log.say("two");
  log.say("three");
  expect(tries).toBe(2);
  expect(good.map(({ text }) => text)).toEqual(["one", "a log gets no more lines: ENOSPC", "two", "three"]);
  expect(console.length).toBe(4);
});
