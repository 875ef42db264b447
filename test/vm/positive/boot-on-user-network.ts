import { isAgentReport, isGuestFindings } from "../../../qemu/demo/documents.ts";
import { openLab } from "../../../qemu/lab.ts";

/** For user-network.test.ts: one boot without a bridge; prints what agent and guest reported, as JSON. */
await using lab = await openLab({ name: "user-network", network: "user" });
const n01 = lab.boot("n01");
const agent = await n01.reports.waitFor(isAgentReport, 180);
const guest = await n01.reports.waitFor(isGuestFindings, 180);
console.log(JSON.stringify({ agent, guest }));
