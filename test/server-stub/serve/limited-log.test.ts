import { describe, expect, test } from "bun:test";
import { LimitedLog } from "../../../server-stub/serve/limited-log.ts";

function limited(): { log: LimitedLog; lines: string[] } {
  const lines: string[] = [];
  return { lines, log: new LimitedLog({ line: (text) => void lines.push(text) }) };
}

describe("complaints of one kind", () => {
  test("are written while they are few, and nothing follows", () => {
    const { log, lines } = limited();
    for (let n = 1; n <= 20; n += 1) log.complaint("no TLS", "127.0.0.1", `why ${n}`);
    log.flush();
    expect(lines).toEqual(Array.from({ length: 20 }, (_, n) => `127.0.0.1: no TLS: why ${n + 1}`));
  });

  test("are counted beyond that, with the number of their addresses", () => {
    const { log, lines } = limited();
    for (let n = 0; n < 5020; n += 1) log.complaint("no TLS", `127.0.0.${n % 7}`, "");
    log.flush();
    expect(lines).toHaveLength(21);
    expect(lines[20]).toBe("5000 more: no TLS, from 7 addresses");
  });

  test("do not hide those of another kind, nor what is no complaint", () => {
    const { log, lines } = limited();
    for (let n = 0; n < 100; n += 1) log.complaint("no TLS", "127.0.0.1", "");
    log.complaint("refused", "127.0.0.2", "litefile");
    log.line("started");
    expect(lines.slice(20)).toEqual(["127.0.0.2: refused: litefile", "started"]);
  });

  test("are written again after the counts were", () => {
    const { log, lines } = limited();
    for (let n = 0; n < 30; n += 1) log.complaint("no TLS", "127.0.0.1", "");
    log.flush();
    log.complaint("no TLS", "127.0.0.1", "");
    expect(lines.slice(20)).toEqual(["10 more: no TLS, from 1 addresses", "127.0.0.1: no TLS"]);
  });
});
