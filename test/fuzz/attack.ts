import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import fc from "fast-check";
import { mutated } from "./mutate.ts";

/** How a client goes about it. */
const manners = ["whole", "half-closed", "in pieces", "left", "waiting", "no TLS"] as const;
export type Manner = (typeof manners)[number];

/** One client: what it sends, from where, and how. */
export interface Attack {
  readonly text: string;
  readonly from: string;
  readonly manner: Manner;
  /** Size of the pieces of `in pieces`. */
  readonly piece: number;
}

/** Most clients close their half, so that the server need not wait for more; a few do not. */
const someManner = fc.oneof(
  ...manners.map((manner) => ({ arbitrary: fc.constant(manner), weight: manner === "waiting" ? 1 : 10 })),
);

/**
 * @param samples good texts
 * @param tokens what means something in them
 * @param addresses of nodes and of strangers
 */
export function attacks(
  samples: readonly string[],
  tokens: readonly string[],
  addresses: readonly string[],
): fc.Arbitrary<Attack> {
  return fc.record({
    text: mutated(samples, tokens),
    from: fc.constantFrom(...addresses),
    manner: someManner,
    piece: fc.integer({ min: 1, max: 600 }),
  });
}

/** A port of loopback. Without the authority's certificate it is one without TLS. */
export interface Attacked {
  readonly host: string;
  readonly port: number;
  readonly ca?: string;
}

/**
 * Attacks once.
 *
 * @returns what the server said until the connection ended
 * @throws Error where the server keeps it open for 20 s
 */
export function attack({ host, port, ca }: Attacked, { text, from, manner, piece }: Attack): Promise<string> {
  return new Promise((resolve, reject) => {
    const address = { host, port, localAddress: from, allowHalfOpen: true };
    const secure = ca !== undefined && manner !== "no TLS";
    const socket: Socket = secure
      ? connectTls({ ...address, ca, checkServerIdentity: () => undefined } as Parameters<
          typeof connectTls
        >[0])
      : connectTcp(address);
    const timer = setTimeout(() => {
      reject(new Error("the connection is open after 20 s"));
      socket.destroy();
    }, 20_000);
    let said = "";
    socket.on("data", (bytes: Buffer) => {
      said += bytes.toString("latin1");
    });
    socket.on("end", () => socket.end());
    socket.on("error", () => {}); // "close" follows.
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(said);
    });
    socket.once(secure ? "secureConnect" : "connect", () => {
      if (manner === "in pieces")
        for (let at = 0; at < text.length; at += piece) socket.write(text.slice(at, at + piece), "latin1");
      else socket.write(text, "latin1");
      if (manner === "left") socket.destroy();
      else if (manner !== "waiting" && manner !== "whole") socket.end();
      else if (manner === "whole" && !text.endsWith("\n")) socket.end("\n");
    });
  });
}
