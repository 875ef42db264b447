import type { Answer } from "./answer.ts";
import { EXCHANGE_TIMES, type Exchanged } from "./conversation.ts";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";
import { readLitefile } from "./litefile.ts";
import { readLitetree } from "./litetree.ts";
import { findRefusal } from "./refusal.ts";
import { type Command, formatRequest } from "./request.ts";
import { checkNode, nameNode, type QueryTask, type QueryWorld, type Told } from "./told.ts";
import { exchange } from "./xcatd.ts";

/** Litefile and litetree side by side, from one endpoint of xcatd's. Rejects with QueryFailure. */
export async function askXcatd(
  endpoint: Endpoint,
  task: QueryTask,
  within: number,
  world: QueryWorld,
): Promise<Told> {
  const abort = new AbortController();
  const ask = (command: Command) => askCommand(command, endpoint, task, within, world, abort.signal);
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
  checkNode(task.node, litefile.node, litetree.node);
  world.log.detail(
    `${formatEndpoint(endpoint)} (${file.answer.source ?? "unnamed"}) answered for ${litefile.node}: ` +
      `${litefile.rows.length} litefile and ${litetree.rows.length} litetree rows, ` +
      `${file.answer.bytes + tree.answer.bytes} bytes in ${Math.round(world.clock.now() - started)} ms`,
  );
  const { node, rows } = litefile;
  return { node, litefile: rows, litetree: litetree.rows, problems: litetree.problems };
}

/** One command's answer, from one endpoint of xcatd's. Rejects with QueryFailure. */
export async function askCommand(
  command: Command,
  endpoint: Endpoint,
  { trust, times = EXCHANGE_TIMES }: QueryTask,
  within: number,
  world: QueryWorld,
  signal?: AbortSignal,
): Promise<Exchanged<Answer>> {
  const exchanged = await exchange({
    ...{ endpoint, trust, request: formatRequest(command) },
    times: { ...times, total: Math.min(times.total, within) },
    ...(signal && { signal }),
  });
  const refusal = findRefusal(command, exchanged.answer);
  if (refusal === undefined) return exchanged;
  throw refusal.kind === "unknown-node" ? await nameNode(refusal, exchanged.localAddress, world) : refusal;
}
