import { connect, type TLSSocket } from "node:tls";
import { type Answer, type AnswerLimits, AnswerReader } from "./answer.ts";
import { compareName, describeCertificate, type Trust } from "./certificate.ts";
import type { Endpoint } from "./endpoint.ts";
import {
  describeAnswerError,
  describeBadCa,
  describeBroken,
  describeLate,
  describeNoCa,
  type Stage,
} from "./exchange-failure.ts";
import { QueryFailure } from "./failure.ts";

/** How long one exchange may take, in milliseconds. */
export interface ExchangeTimes {
  /** Until the connection stands and TLS is agreed upon. */
  readonly connect: number;
  /** From the request to the first byte, and from one byte to the next. A slow row holds the rest back. */
  readonly silence: number;
  /** All of it. */
  readonly total: number;
}

export interface Exchange {
  readonly endpoint: Endpoint;
  /** One line, with its newline. */
  readonly request: string;
  readonly trust: Trust;
  readonly times: ExchangeTimes;
  readonly limits?: AnswerLimits;
  /** Ends the exchange early; it then fails as `closed`. */
  readonly signal?: AbortSignal;
}

export interface Exchanged {
  readonly answer: Answer;
  /** The address by which the server saw this node. */
  readonly localAddress: string;
}

/**
 * One request and its answer over TLS, on a connection of its own that is closed in every case. The answer ends at
 * `serverdone`; when the server closes does not matter. Rejects with {@link QueryFailure} only.
 *
 * What Bun's node:tls was seen to do (1.4.5), and this relies on: `ca` stands in for the system's CAs also where
 * the environment names others; a bad chain is an `error` with the reason in `authorizationError`, before anything
 * is written; `ca` that is no PEM throws in connect(); every failed connect() is called ECONNREFUSED, no route too.
 */
export function exchange(task: Exchange): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    const reader = new AnswerReader(task.limits);
    let stage: Stage = "connect";
    let socket: TLSSocket | undefined;
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
    const late = (after: number): void => fail(describeLate(stage, reader.bytes, after));
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
      socket = connect({
        host: task.endpoint.address,
        port: task.endpoint.port,
        minVersion: "TLSv1.2",
        ...(task.trust.mode === "verify" ? { ca: task.trust.ca } : {}),
        rejectUnauthorized: task.trust.mode === "verify",
        checkServerIdentity: (_host, certificate) => compareName(task.endpoint, certificate),
      });
    } catch (cause) {
      return fail(describeBadCa(cause));
    }
    const open = socket;
    open.on("connect", () => {
      stage = "handshake";
    });
    open.on("secureConnect", () => {
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
        fail(describeAnswerError(error));
      }
    });
    open.on("error", (error: Error & { code?: string }) => {
      const refusal = open.authorizationError;
      if (error instanceof QueryFailure) fail(error);
      else if (stage !== "answer" && refusal) fail(describeCertificate(`${refusal}`, new Date()));
      else fail(describeBroken(stage, reader.bytes, error));
    });
    open.on("close", () => fail(describeBroken(stage, reader.bytes)));
  });
}
