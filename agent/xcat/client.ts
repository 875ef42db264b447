import type { ServerAddress } from "../cmdline/options.ts";
import type { Problem } from "../errors.ts";
import type { Answer } from "./answer.ts";
import type { Trust } from "./certificate.ts";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";
import { QueryFailure } from "./failure.ts";
import { readLitefile } from "./litefile.ts";
import { readLitetree } from "./litetree.ts";
import { findRefusal, unknownNode } from "./refusal.ts";
import { type Command, formatRequest } from "./request.ts";
import { askInTurn, type RoundsWorld } from "./rounds.ts";
import type { Tables } from "./tables.ts";
import { type Exchanged, type ExchangeTimes, exchange } from "./tls.ts";

export interface QueryRequest {
  /** In the order they are asked. */
  readonly servers: readonly ServerAddress[];
  readonly trust: Trust;
  /** Milliseconds until it is given up (`statelite.query_timeout`). */
  readonly within: number;
  /** `NODE=`, where given: rows for any other node are refused. */
  readonly node?: string;
  readonly times?: ExchangeTimes;
}

/** What the client needs of the world. */
export interface QueryWorld extends RoundsWorld {
  /** The reverse name of one of this node's addresses, for a message. Keeps a time limit of its own, may fail. */
  reverse?(address: string): Promise<string | undefined>;
}

/** The tables, and what is wrong with single rows of litetree (classes `source` and `note`). */
export interface QueriedTables extends Tables {
  readonly problems: readonly Problem[];
}

/**
 * One slow row of a real xcatd holds an answer back for seconds, and under load an answer waits its turn: so the
 * silence may be long, and a server that is gone is given up sooner.
 */
const TIMES: ExchangeTimes = { connect: 10_000, silence: 30_000, total: 60_000 };

/** Litefile and litetree, side by side, from the first server that answers. Rejects with a BootError. */
export async function queryTables(request: QueryRequest, world: QueryWorld): Promise<QueriedTables> {
  sayInsecure(request, world);
  return await askInTurn("ask for litefile and litetree", request, world, async (endpoint, within) => {
    const abort = new AbortController();
    const ask = (command: Command) => askOnce(command, endpoint, request, within, abort.signal, world);
    const both = [ask("litefile"), ask("litetree")] as const;
    const started = world.clock.now();
    const [file, tree] = await Promise.all(both).catch(async (failure: unknown) => {
      // The other one is over before the attempt is, so that no connection is left behind.
      abort.abort();
      await Promise.allSettled(both);
      throw failure;
    });
    const litefile = readLitefile(file.answer);
    const litetree = readLitetree(tree.answer);
    checkNode(request.node, litefile.node, litetree.node);
    world.log.detail(
      `${formatEndpoint(endpoint)} (${file.answer.source ?? "unnamed"}) answered for ${litefile.node}: ` +
        `${litefile.rows.length} litefile and ${litetree.rows.length} litetree rows, ` +
        `${file.answer.bytes + tree.answer.bytes} bytes in ${Math.round(world.clock.now() - started)} ms`,
    );
    return {
      node: litefile.node,
      litefile: litefile.rows,
      litetree: litetree.rows,
      problems: litetree.problems,
    };
  });
}

/** Any command's answer, from the first server that gives one. Rejects with a BootError. */
export async function query(command: Command, request: QueryRequest, world: QueryWorld): Promise<Answer> {
  sayInsecure(request, world);
  return await askInTurn(`ask for ${command}`, request, world, async (endpoint, within) => {
    const { answer } = await askOnce(command, endpoint, request, within, undefined, world);
    return answer;
  });
}

function sayInsecure({ trust }: QueryRequest, { log }: QueryWorld): void {
  if (trust.mode === "insecure") log.say("statelite.tls=insecure: the server need not prove who it is");
}

async function askOnce(
  command: Command,
  endpoint: Endpoint,
  { trust, times = TIMES }: QueryRequest,
  within: number,
  signal: AbortSignal | undefined,
  world: QueryWorld,
): Promise<Exchanged> {
  const limited = { ...times, total: Math.min(times.total, within) };
  const exchanged = await exchange({
    endpoint,
    request: formatRequest(command),
    trust,
    times: limited,
    ...(signal && { signal }),
  });
  const refusal = findRefusal(command, exchanged.answer);
  if (refusal === undefined) return exchanged;
  throw refusal.kind === "unknown-node" ? await nameNode(refusal, exchanged.localAddress, world) : refusal;
}

/** A server knows a node by the reverse name of its address: the message says which, as far as the node can see. */
async function nameNode(refusal: QueryFailure, address: string, world: QueryWorld): Promise<QueryFailure> {
  // The name is an extra; without one the message says just that.
  const name = await world.reverse?.(address).catch(() => undefined);
  const named = name === undefined ? "no reverse name that this node could find" : `the reverse name ${name}`;
  const remedy = unknownNode().remedy.replace("ADDRESS", address);
  return new QueryFailure("unknown-node", `${refusal.found}; its address ${address} has ${named}`, remedy);
}

/** The name that the server goes by is short; the command line's may have a domain. */
function checkNode(wanted: string | undefined, file: string, tree: string | undefined): void {
  const short = (name: string) => name.split(".")[0]?.toLowerCase();
  const other = [wanted, tree].find((name) => name !== undefined && short(name) !== short(file));
  if (other === undefined) return;
  throw new QueryFailure(
    "other-node",
    `the server takes this node for ${file}, not for ${other}`,
    "correct the reverse name of this node's address on the server (makehosts, makedns), or NODE=",
  );
}
