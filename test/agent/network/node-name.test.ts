import { expect, test } from "bun:test";
import { BootError } from "../../../agent/errors.ts";
import { nodeName } from "../../../agent/network/node-name.ts";

test.each<[string, string | undefined, string | undefined, string | undefined, string | undefined]>([
  ["NODE before all", "n01", "n02.cluster.test", "n03.cluster.test", "n01"],
  ["NODE is not shortened", "n01.x", undefined, undefined, "n01.x"],
  ["then the short host name", undefined, "n02.cluster.test", "n03.cluster.test", "n02"],
  ["an empty NODE counts as none", "", "n02", undefined, "n02"],
  ["then the short reverse name", undefined, undefined, "n03.cluster.test", "n03"],
  ["localhost is nobody's name", undefined, "localhost.localdomain", "n03.cluster.test", "n03"],
  ["an address in place of a name", undefined, "10.9.0.17", "n03.cluster.test", "n03"],
  ["an address as a reverse name", undefined, undefined, "10.9.0.17", undefined],
  ["a host name that leads elsewhere", undefined, "../n04", "n03", "n03"],
  ["a host name that is hidden", undefined, ".n04", "n03", "n03"],
  ["a reverse name with a slash", undefined, undefined, "n0/4", undefined],
  ["nothing", undefined, undefined, undefined, undefined],
])("%s", async (_, node, hostname, reverse, expected) => {
  expect(await nodeName(node, hostname, async () => reverse)).toBe(expected as string);
});

test("DNS is asked only where it is needed", async () => {
  let asked = 0;
  const reverse = async (): Promise<string> => `n${++asked}`;
  await nodeName("n01", undefined, reverse);
  await nodeName(undefined, "n02", reverse);
  expect(asked).toBe(0);
});

test.each(["../n02", "n01/..", "a b", "-rf", ".", "n\n", "n".repeat(256), "ñ"])(
  "NODE=%j stops the boot with the parameter in the message",
  async (node) => {
    const caught = await nodeName(node, "n02", async () => "n03").catch((error: unknown) => error);
    expect(caught).toBeInstanceOf(BootError);
    expect((caught as BootError).problems).toMatchObject([
      { class: "fatal", code: "node-name", on: expect.stringMatching(/^NODE=/) },
    ]);
  },
);
