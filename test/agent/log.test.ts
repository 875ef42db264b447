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

test("of very many problems of one kind the console has the first fifty, the log all of them", () => {
  const console: string[] = [];
  const log = new BootLog({ console: (line) => console.push(line), now: () => 0, verbose: false });
  const problem = (code: "source-mount" | "unresolved", on: string) =>
    log.problem({
      class: "source",
      code,
      doing: "mount",
      on,
      found: "no route to host",
      remedy: "see the cable",
    });
  for (let n = 1; n <= 1000; n++) problem("source-mount", `source ${n}`);
  problem("unresolved", "/etc/a");
  expect(console.length).toBe(52);
  expect(console.slice(49).map((line) => line.slice(12))).toEqual([
    "source problem (source-mount): mount: source 50: no route to host; see the cable",
    "there are more problems like these (source-mount): the log and the report have them all",
    "source problem (unresolved): mount: /etc/a: no route to host; see the cable",
  ]);
  expect(log.lines.length).toBe(1002);
});
