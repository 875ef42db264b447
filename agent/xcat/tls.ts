import { connect, type TLSSocket } from "node:tls";
import { type Answer, AnswerError, type AnswerLimits, AnswerReader } from "./answer.ts";
import { compareName, describeCertificate, type Trust } from "./certificate.ts";
import type { Endpoint } from "./endpoint.ts";
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
    let stage: "connect" | "handshake" | "answer" = "connect";
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
    // Without one Bun would ask the CAs of whatever system the initrd was made from.
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
      const remedy = "build the initrd again with the server's /etc/xcat/cert/ca.pem";
      return fail(
        new QueryFailure("certificate", "the CA certificate in the initrd is none", remedy, { cause }),
      );
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

function describeNoCa(): QueryFailure {
  return new QueryFailure(
    "certificate",
    "the initrd carries no CA certificate to verify the server by",
    "build it with the server's /etc/xcat/cert/ca.pem; or, with all that it means, boot with statelite.tls=insecure",
  );
}

type Stage = "connect" | "handshake" | "answer";

const LOOK = "see that xcatd runs (systemctl status xcatd) and read its /var/log/xcat/cluster.log";

function describeLate(stage: Stage, bytes: number, milliseconds: number): QueryFailure {
  const after = `${milliseconds / 1000} s`;
  switch (stage) {
    case "connect":
      return new QueryFailure(
        "unreachable",
        `no connection within ${after}`,
        "check address, cable, VLAN and firewall between node and server",
      );
    case "handshake":
      return new QueryFailure("silent", `the server took the connection and said nothing for ${after}`, LOOK);
    case "answer":
      return bytes === 0
        ? new QueryFailure("silent", `the server took the request and said nothing for ${after}`, LOOK)
        : new QueryFailure("cut-short", `the answer stopped after ${bytes} bytes, for ${after}`, LOOK);
  }
}

/** `error` is absent where the connection just ended. */
function describeBroken(stage: Stage, bytes: number, error?: Error & { code?: string }): QueryFailure {
  const why = error?.code === undefined ? "" : ` (${error.code})`;
  switch (stage) {
    case "connect":
      return new QueryFailure(
        "unreachable",
        "no connection: it is refused, or there is no route to the server",
        "see that xcatd runs there (systemctl status xcatd, site.xcatdport), and that the node can ping it",
        { cause: error },
      );
    case "handshake":
      if (error?.code?.startsWith("ERR_SSL")) {
        const remedy =
          "see that the port is xcatd's (site.xcatdport) and that it speaks TLS 1.2 or 1.3 (site.xcatsslversion)";
        return new QueryFailure("handshake", `no TLS could be agreed upon${why}`, remedy, { cause: error });
      }
      return new QueryFailure("closed", `the server closed the connection before TLS stood${why}`, LOOK, {
        cause: error,
      });
    case "answer":
      return bytes === 0
        ? new QueryFailure("closed", `the server closed the connection without a byte${why}`, LOOK, {
            cause: error,
          })
        : new QueryFailure("cut-short", `the answer is cut short after ${bytes} bytes${why}`, LOOK, {
            cause: error,
          });
  }
}

function describeAnswerError(error: unknown): QueryFailure {
  if (!(error instanceof AnswerError)) {
    return new QueryFailure("protocol", `the answer could not be read: ${error}`, "report this", {
      cause: error,
    });
  }
  if (error.kind === "too-large") {
    const remedy = "see what listens on that port; a litefile table of that size is an error";
    return new QueryFailure("too-large", error.message, remedy, { cause: error });
  }
  const remedy = "see what listens on that port: it speaks TLS, but not as xcatd does";
  return new QueryFailure("protocol", `this is no answer of xcatd's: ${error.message}`, remedy, {
    cause: error,
  });
}
