import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { escapeText } from "../../server-stub/protocol/answer.ts";
import { MalformedRequest, type Request, readRequest } from "../../server-stub/protocol/request.ts";

function build(request: Request): string {
  const element = (name: string, text?: string): string =>
    text === undefined ? "" : `<${name}>${escapeText(text)}</${name}>`;
  const { command, args, noderange, transid } = request;
  const parts = [element("command", command), ...args.map((arg) => element("arg", arg))];
  return `<xcatrequest>${parts.join("")}${element("noderange", noderange)}${element("transid", transid)}</xcatrequest>\n`;
}

const text = fc.string({
  unit: fc.constantFrom("a", "1", "&", "<", ">", '"', " ", "\n", ";", "#"),
  maxLength: 10,
});
const requests: fc.Arbitrary<Request> = fc.record(
  {
    command: text,
    args: fc.array(text, { maxLength: 3 }),
    noderange: text.filter((t) => t !== ""),
    transid: text,
  },
  { requiredKeys: ["command", "args"] },
);

describe("a request", () => {
  test("is read as it was meant", () => {
    fc.assert(fc.property(requests, (request) => expect(readRequest(build(request))).toEqual(request)));
  });

  test("that was damaged is read or refused, and nothing else", () => {
    const damage = fc.array(
      fc.tuple(
        fc.nat(200),
        fc.nat(5),
        fc.constantFrom("", "<", ">", "&", "</", "<!--", "<![CDATA[", "&#x0;", "\0", "=", "'"),
      ),
      { minLength: 1, maxLength: 4 },
    );
    let refused = 0;
    fc.assert(
      fc.property(requests, damage, (request, changes) => {
        let damaged = build(request);
        for (const [at, length, by] of changes)
          damaged = damaged.slice(0, at) + by + damaged.slice(at + length);
        try {
          expect(typeof readRequest(damaged).command).toBe("string");
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedRequest);
          refused += 1;
        }
      }),
      { numRuns: 3000 },
    );
    expect(refused).toBeGreaterThan(1000);
  });
});
