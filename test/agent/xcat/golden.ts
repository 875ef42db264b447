import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const exchange = z.object({ request: z.string(), response: z.string() });
const Cases = z.object({ cases: z.array(exchange.extend({ node: z.string(), source: z.string() })) });
const Protocol = z.object({ port3001: z.array(exchange.extend({ name: z.string() })) });

/** What a real xcatd answered; strings are latin-1, one character is one byte. */
export const baseline = Cases.parse(read("baseline.json")).cases;
export const edges = Cases.parse(read("edges.json")).cases;
export const protocol = Protocol.parse(read("protocol.json")).port3001;

/** The bytes of one answer in the tables of `baseline` or `edges`. */
export function goldenAnswer(cases: typeof baseline, node: string, command: string): Uint8Array {
  const found = cases.find((c) => c.node === node && c.request.includes(`<command>${command}<`));
  if (found === undefined) throw new Error(`no golden answer to ${command} for ${node}`);
  return Buffer.from(found.response, "latin1");
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dir, "../../golden/xcatd", name), "utf8"));
}
