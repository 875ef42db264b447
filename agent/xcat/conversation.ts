import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { describeCertificate } from "./certificate.ts";
import type { Endpoint } from "./endpoint.ts";
import {
  type Advice,
  describeBadTrust,
  describeBroken,
  describeLate,
  describeNoCa,
  describeRefusedClient,
  describeUnreadable,
  type Stage,
} from "./exchange-failure.ts";
import { QueryFailure } from "./failure.ts";
import { type Trust, tlsOptions } from "./trust.ts";

/** How long one exchange may take, in milliseconds. */
export interface ExchangeTimes {
  /** Until the connection stands and TLS is agreed upon. */
  readonly connect: number;
  /** From the request to the first byte, and from one byte to the next. A slow row holds the rest back. */
  readonly silence: number;
  /** All of it. */
  readonly total: number;
}

/**
 * One slow row of a real xcatd holds an answer back for seconds, and under load an answer waits its turn: so the
 * silence may be long, and a server that is gone is given up sooner.
 */
export const EXCHANGE_TIMES: ExchangeTimes = { connect: 10_000, silence: 30_000, total: 60_000 };

/** Puts an answer together from pieces of any size. */
export interface Reader<T> {
  /** Bytes so far: 0 means that the server said nothing at all. */
  readonly bytes: number;
  /** The answer, once its end has been seen. @throws QueryFailure where this can become none */
  push(chunk: Uint8Array): T | undefined;
}

export interface Conversation<T> {
  readonly endpoint: Endpoint;
  readonly request: string | Uint8Array;
  readonly reader: Reader<T>;
  /** `none`: no TLS at all. */
  readonly trust: Trust | { readonly mode: "none" };
  readonly times: ExchangeTimes;
  /** What to do where this server is the reason of a failure. */
  readonly advice: Advice;
  /** Ends the exchange early; it then fails as `closed`. */
  readonly signal?: AbortSignal;
}

export interface Exchanged<T> {
  readonly answer: T;
  /** The address by which the server saw this node. */
  readonly localAddress: string;
}

/**
 * One request and its answer, on a connection of its own that is closed in every case. The answer ends where its
 * reader says so; when the server closes does not matter. Rejects with {@link QueryFailure} only.
 *
 * What Bun's node:tls was seen to do (1.4.5), and this relies on: `ca` stands in for the system's CAs also where
 * the environment names others; a bad chain is an `error` with the reason in `authorizationError`, before anything
 * is written; `ca` that is no PEM throws in connect(); every failed connect() is called ECONNREFUSED, no route too.
 */
export function converse<T>(task: Conversation<T>): Promise<Exchanged<T>> {
  return new Promise((resolve, reject) => {
    const { reader } = task;
    const advice = adviceOf(task);
    let stage: Stage = "connect";
    let socket: Socket | undefined;
    let localAddress = "";
    let waiting: ReturnType<typeof setTimeout> | undefined;
    let ended = false;

    const end = (settle: () => void): void => {
      ended = true;
      clearTimeout(waiting);
      clearTimeout(total);
      task.signal?.removeEventListener("abort", aborted);
      socket?.destroy();
      settle();
    };
    const fail = (failure: QueryFailure): void => end(() => reject(failure));
    const aborted = (): void => fail(new QueryFailure("closed", "given up", "see the other request"));
    const late = (after: number): void => fail(describeLate(stage, reader.bytes, after, advice));
    const wait = (milliseconds: number): void => {
      clearTimeout(waiting);
      waiting = setTimeout(late, milliseconds, milliseconds);
    };

    const total = setTimeout(late, task.times.total, task.times.total);
    wait(task.times.connect);
    if (task.signal?.aborted) return aborted();
    // With an empty one Bun trusts the CAs it brings along and those that the environment names.
    if (task.trust.mode === "verify" && task.trust.ca.trim() === "") return fail(describeNoCa());
    task.signal?.addEventListener("abort", aborted);

    try {
      socket = task.trust.mode === "none" ? connectTcp(addressOf(task)) : secured(task, task.trust);
    } catch (cause) {
      return fail(describeBadTrust(task.trust, cause));
    }
    const open = socket;
    open.on("connect", () => {
      if (task.trust.mode !== "none") stage = "handshake";
    });
    open.on(task.trust.mode === "none" ? "connect" : "secureConnect", () => {
      stage = "answer";
      localAddress = open.localAddress ?? "";
      open.write(task.request);
      wait(task.times.silence);
    });
    open.on("data", (chunk: Uint8Array) => {
      if (ended) return; // what was read before destroy() still arrives
      wait(task.times.silence);
      try {
        const answer = reader.push(chunk);
        if (answer !== undefined) end(() => resolve({ answer, localAddress }));
      } catch (error) {
        fail(error instanceof QueryFailure ? error : describeUnreadable(error));
      }
    });
    open.on("error", (error: Error & { code?: string }) => {
      const refusal = "authorizationError" in open ? open.authorizationError : undefined;
      if (error instanceof QueryFailure) fail(error);
      else if (stage !== "answer" && refusal) fail(describeCertificate(`${refusal}`, new Date(), caOf(task)));
      else
        fail(describeRefusedClient(task.trust, error) ?? describeBroken(stage, reader.bytes, advice, error));
    });
    open.on("close", () => fail(describeBroken(stage, reader.bytes, advice)));
  });
}

function addressOf<T>({ endpoint }: Conversation<T>) {
  return { host: endpoint.address, port: endpoint.port };
}

/** xcatd says nothing where it does not take a certificate. */
function adviceOf<T>({ advice, trust }: Conversation<T>): Advice {
  if (trust.mode !== "verify" || trust.client === undefined) return advice;
  return {
    ...advice,
    look: `${advice.look}, and whether its CA signed the certificate that this node shows`,
  };
}

function caOf<T>({ trust }: Conversation<T>): string {
  return trust.mode === "verify" ? trust.ca : "";
}

/** @throws where the CA, or the node's own certificate, is none */
function secured<T>(task: Conversation<T>, trust: Trust): TLSSocket {
  return connectTls({
    ...addressOf(task),
    ...tlsOptions(trust, task.endpoint),
  });
}
