import { AnswerError } from "./answer.ts";
import { QueryFailure } from "./failure.ts";

/** How far an exchange has come. */
export type Stage = "connect" | "handshake" | "answer";

const LOOK = "see that xcatd runs (systemctl status xcatd) and read its /var/log/xcat/cluster.log";

/** There is nothing to verify by. */
export function describeNoCa(): QueryFailure {
  return new QueryFailure(
    "certificate",
    "the initrd carries no CA certificate to verify the server by",
    "build it with the server's /etc/xcat/cert/ca.pem; or, with all that it means, boot with statelite.tls=insecure",
  );
}

/** There is something to verify by, and it is no certificate. */
export function describeBadCa(cause: unknown): QueryFailure {
  const remedy = "build the initrd again with the server's /etc/xcat/cert/ca.pem";
  return new QueryFailure("certificate", "the CA certificate in the initrd is none", remedy, { cause });
}

/** The time was up. `bytes` of the answer have come. */
export function describeLate(stage: Stage, bytes: number, milliseconds: number): QueryFailure {
  const after = `${Math.round(milliseconds / 10) / 100} s`;
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

/** The connection broke, or just ended: then without an `error`. `bytes` of the answer have come. */
export function describeBroken(stage: Stage, bytes: number, error?: Error & { code?: string }): QueryFailure {
  const why = error?.code === undefined ? "" : ` (${error.code})`;
  switch (stage) {
    case "connect":
      return new QueryFailure(
        "unreachable",
        "no connection: it is refused, or there is no route to the server",
        "see that xcatd runs there (systemctl status xcatd, site.xcatdport), and check address, cable, VLAN and firewall between node and server",
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

/** What came is no answer. */
export function describeAnswerError(error: unknown): QueryFailure {
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
