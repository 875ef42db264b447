import type { BootDocument } from "./boot-document.ts";
import { EXCHANGE_TIMES, type Exchanged } from "./conversation.ts";
import { DocumentError, readBootDocument } from "./document.ts";
import type { Endpoint } from "./endpoint.ts";
import { QueryFailure } from "./failure.ts";
import { requestHttp } from "./http.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { describeStatus } from "./http-status.ts";
import { judgeRow } from "./litetree.ts";
import type { LitetreeRow } from "./tables.ts";
import { checkNode, nameNode, type QueryTask, type QueryWorld, type Told } from "./told.ts";

/** What the path says where the node does not know its name: the one that asks. */
const ITSELF = "-";

/** What is `what` of this node, below the server's address as `XCAT=` has it. */
export function urlOf(server: string, node: string | undefined, what: "boot" | "report"): URL {
  const base = server.endsWith("/") ? server : `${server}/`;
  return new URL(`v1/nodes/${encodeURIComponent(node ?? ITSELF)}/${what}`, base);
}

/** The boot document from one endpoint of a server of the JSON protocol. Rejects with QueryFailure. */
export async function askJson(
  server: string,
  endpoint: Endpoint,
  { trust, node, times = EXCHANGE_TIMES }: QueryTask,
  within: number,
  world: QueryWorld,
): Promise<Told> {
  const started = world.clock.now();
  const url = urlOf(server, node, "boot");
  const limited = { ...times, total: Math.min(times.total, within) };
  const exchanged = await requestHttp({ endpoint, url, trust, times: limited });
  const document = await readAnswer(exchanged, world);
  checkNode(node, document.node, undefined);
  const told = toldBy(document);
  world.log.detail(
    `${url.href} (${endpoint.address}) answered for ${told.node}: ` +
      `${told.litefile.length} litefile and ${told.litetree.length} litetree rows, ` +
      `${exchanged.answer.body.length} bytes in ${Math.round(world.clock.now() - started)} ms`,
  );
  return told;
}

async function readAnswer(
  { answer, localAddress }: Exchanged<HttpAnswer>,
  world: QueryWorld,
): Promise<BootDocument> {
  const failure = describeStatus(answer);
  if (failure !== undefined)
    throw failure.kind === "unknown-node" ? await nameNode(failure, localAddress, world) : failure;
  try {
    return readBootDocument(answer.body);
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    const remedy =
      "see what listens on that port; a server of another version needs an agent of that version";
    throw new QueryFailure("protocol", `this is no boot document: ${error.message}`, remedy, {
      cause: error,
    });
  }
}

/** Rows of litetree are judged as those of xcatd are. */
function toldBy({ node, image, litefile, litetree, state, partition }: BootDocument): Told {
  const judged = litetree.map(({ error, ...row }) => ({ row, ...judgeRow(row, shownAs(row), error) }));
  return {
    ...{ node, litefile },
    litetree: judged.filter(({ usable }) => usable).map(({ row }) => row),
    problems: judged.flatMap(({ problems }) => problems),
    rest: { image, ...(state && { state }), ...(partition && { partition }) },
  };
}

function shownAs({ server, directory, mountOptions }: LitetreeRow): string {
  const place = server === "" ? directory : `${server}:${directory}`;
  return mountOptions === "" ? place : `${place} :${mountOptions}`;
}
