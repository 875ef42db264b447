import type { Problem } from "../errors.ts";
import type { ExchangeTimes } from "./conversation.ts";
import { QueryFailure } from "./failure.ts";
import type { RoundsWorld } from "./rounds.ts";
import type { Tables } from "./tables.ts";
import type { Trust } from "./trust.ts";

/** What is asked of a server, whichever protocol it speaks. */
export interface QueryTask {
  readonly trust: Trust;
  /** `NODE=`, where given: rows for any other node are refused. */
  readonly node?: string;
  readonly times?: ExchangeTimes;
}

/** What asking needs of the world. */
export interface QueryWorld extends RoundsWorld {
  /** The reverse name of one of this node's addresses, for a message. Keeps a time limit of its own, may fail. */
  reverse?(address: string): Promise<string | undefined>;
}

/** The tables, and what is wrong with single rows of litetree (classes `source` and `note`). */
export interface Told extends Tables {
  readonly problems: readonly Problem[];
  /** All that a server of the JSON protocol says at once; absent where xcatd was asked. */
  readonly rest?: ToldAtOnce;
}

/** What comes with the tables in a boot document. */
export interface ToldAtOnce {
  readonly image: string;
  /** Where this node's state lies; absent where it keeps none. */
  readonly state?: { readonly location: string; readonly mountOptions: string };
  /** The lines of the partition file; absent where the server's policy keeps them. */
  readonly partition?: readonly string[];
}

/** The name that the server goes by is short; the command line's may have a domain. @throws QueryFailure */
export function checkNode(wanted: string | undefined, file: string, tree: string | undefined): void {
  const short = (name: string) => name.split(".")[0]?.toLowerCase();
  const other = [wanted, tree].find((name) => name !== undefined && short(name) !== short(file));
  if (other === undefined) return;
  throw new QueryFailure(
    "other-node",
    `the server takes this node for ${file}, not for ${other}`,
    "correct the reverse name of this node's address on the server (makehosts, makedns), or NODE=",
  );
}

/** A server knows a node by the reverse name of its address: the message says which, as far as the node can see. */
export async function nameNode(
  refusal: QueryFailure,
  address: string,
  world: QueryWorld,
): Promise<QueryFailure> {
  // The name is an extra; without one the message says just that.
  const name = await world.reverse?.(address).catch(() => undefined);
  const named = name === undefined ? "no reverse name that this node could find" : `the reverse name ${name}`;
  const remedy = refusal.remedy.replace("ADDRESS", address);
  return new QueryFailure("unknown-node", `${refusal.found}; its address ${address} has ${named}`, remedy);
}
