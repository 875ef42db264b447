import type { ServerAddress } from "../cmdline/options.ts";
import type { Answer } from "./answer.ts";
import { askJson } from "./ask-json.ts";
import { askCommand, askXcatd } from "./ask-xcatd.ts";
import type { Command } from "./request.ts";
import { askInTurn } from "./rounds.ts";
import type { QueryTask, QueryWorld, Told } from "./told.ts";

export interface QueryRequest extends QueryTask {
  /** In the order they are asked. */
  readonly servers: readonly ServerAddress[];
  /** Milliseconds until it is given up (`statelite.query_timeout`). */
  readonly within: number;
}

/** Litefile and litetree, from the first server that answers, in the protocol that each speaks. Rejects with a BootError. */
export async function queryTables(request: QueryRequest, world: QueryWorld): Promise<Told> {
  sayInsecure(request, world);
  return await askInTurn("ask for litefile and litetree", request, world, (server, endpoint, within) =>
    server.protocol === "json"
      ? askJson(server.url, endpoint, request, within, world)
      : askXcatd(endpoint, request, within, world),
  );
}

/** Any command's answer, from the first server of xcatd's protocol that gives one. Rejects with a BootError. */
export async function query(command: Command, request: QueryRequest, world: QueryWorld): Promise<Answer> {
  sayInsecure(request, world);
  const servers = request.servers.filter(({ protocol }) => protocol === "xcatd");
  return await askInTurn(
    `ask for ${command}`,
    { ...request, servers },
    world,
    async (_server, endpoint, within) => (await askCommand(command, endpoint, request, within, world)).answer,
  );
}

function sayInsecure({ trust }: QueryRequest, { log }: QueryWorld): void {
  if (trust.mode === "insecure") log.say("statelite.tls=insecure: the server need not prove who it is");
}
