import { expect, test } from "bun:test";
import { BOOT_SECONDS, bootFailure, openLab } from "../lab-note.ts";

test("a node that the tables do not know: its address, its reverse name, and where to define it", async () => {
  await using lab = await openLab({ name: "unknown-node", nodes: 3 });
  const n03 = lab.boot("n03", { "statelite.onfail": "halt", "statelite.onfail_delay": "1" });
  expect(await bootFailure(n03, BOOT_SECONDS)).toEqual({
    doing: "ask for litefile and litetree",
    on: "10.0.0.1:3001",
    found: expect.stringContaining(
      "the server does not know this node; its address 10.0.0.13 has the reverse name n03.cluster.test",
    ),
    remedy: expect.stringContaining("define the node in nodelist"),
    policy: "halt in 1 s",
  });
  await n03.console.waitFor(/reboot: System halted/, 30);
});
