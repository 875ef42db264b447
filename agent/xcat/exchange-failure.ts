import { readAuthorities } from "./certificate.ts";
import { QueryFailure } from "./failure.ts";
import type { Trust } from "./trust.ts";

/** How far an exchange has come. */
export type Stage = "connect" | "handshake" | "answer";

/** What to do where a server is the reason of a failure. */
export interface Advice {
  /** It is there and does not do its work. */
  readonly look: string;
  /** It may not be there. */
  readonly start: string;
  /** It does not speak TLS as it should. */
  readonly tls: string;
}

export const XCATD_ADVICE: Advice = {
  look: "see that xcatd runs (systemctl status xcatd) and read its /var/log/xcat/cluster.log",
  start:
    "see that xcatd runs there (systemctl status xcatd, site.xcatdport), and check address, cable, VLAN and firewall between node and server",
  tls: "see that the port is xcatd's (site.xcatdport) and that it speaks TLS 1.2 or 1.3 (site.xcatsslversion)",
};

export const HTTP_ADVICE: Advice = {
  look: "see that statelite-server runs, and read what it says; or the log of what stands before it",
  start:
    "see that statelite-server runs there with --http at this port, and check address, cable, VLAN and firewall between node and server",
  tls: "see that the port is that of --http, not of --http-plain, and that it speaks TLS 1.2 or 1.3",
};

/** There is nothing to verify by. */
export function describeNoCa(): QueryFailure {
  return new QueryFailure(
    "certificate",
    "the initrd carries no CA certificate to verify the server by",
    "build it with the server's /etc/xcat/cert/ca.pem; or, with all that it means, boot with statelite.tls=insecure",
  );
}

/** What the initrd has to verify by, or to show, is no certificate, or not of that key. */
export function describeBadTrust(trust: Trust | { readonly mode: "none" }, cause: unknown): QueryFailure {
  const client = trust.mode === "verify" ? trust.client : undefined;
  if (client !== undefined && trust.mode === "verify" && readAuthorities(trust.ca).length > 0) {
    const found = "the node's own certificate and key in the initrd cannot be used, or are not of each other";
    const remedy = "build the initrd again with the --client-cert and --client-key that belong together";
    return new QueryFailure("certificate", found, remedy, { cause });
  }
  const remedy = "build the initrd again with the server's /etc/xcat/cert/ca.pem";
  return new QueryFailure("certificate", "the CA certificate in the initrd is none", remedy, { cause });
}

/**
 * The server has ended the connection because of the certificate that this node shows, or shows not: with TLS 1.3 only
 * when the node takes it for standing. Nothing where that was not the reason.
 */
export function describeRefusedClient(
  trust: Trust | { readonly mode: "none" },
  error: Error & { readonly code?: string },
): QueryFailure | undefined {
  const [, alert] =
    /^ERR_SSL_\w+_ALERT_(UNKNOWN_CA|ACCESS_DENIED|\w*CERTIFICATE\w*)$/.exec(error.code ?? "") ?? [];
  if (alert === undefined) return undefined;
  const shown = trust.mode === "verify" && trust.client !== undefined;
  return shown
    ? new QueryFailure(
        "handshake",
        `the server does not take the certificate that this node shows (${error.code})`,
        "see that the server's CA signed it, and that it has not expired; build the initrd again with --client-cert, or without one",
        { cause: error },
      )
    : new QueryFailure(
        "handshake",
        `the server wants this node to show a certificate, and it has none (${error.code})`,
        "build the initrd with --client-cert and --client-key, or have the server ask for none",
        { cause: error },
      );
}

/** The time was up. `bytes` of the answer have come. */
export function describeLate(
  stage: Stage,
  bytes: number,
  milliseconds: number,
  { look }: Advice,
): QueryFailure {
  const after = `${Math.round(milliseconds / 10) / 100} s`;
  switch (stage) {
    case "connect":
      return new QueryFailure(
        "unreachable",
        `no connection within ${after}`,
        "check address, cable, VLAN and firewall between node and server",
      );
    case "handshake":
      return new QueryFailure("silent", `the server took the connection and said nothing for ${after}`, look);
    case "answer":
      return bytes === 0
        ? new QueryFailure("silent", `the server took the request and said nothing for ${after}`, look)
        : new QueryFailure("cut-short", `the answer stopped after ${bytes} bytes, for ${after}`, look);
  }
}

/** The connection broke, or just ended: then without an `error`. `bytes` of the answer have come. */
export function describeBroken(
  stage: Stage,
  bytes: number,
  { look, start, tls }: Advice,
  error?: Error & { code?: string },
): QueryFailure {
  const why = error?.code === undefined ? "" : ` (${error.code})`;
  switch (stage) {
    case "connect":
      return new QueryFailure(
        "unreachable",
        "no connection: it is refused, or there is no route to the server",
        start,
        { cause: error },
      );
    case "handshake":
      if (error?.code?.startsWith("ERR_SSL")) {
        return new QueryFailure("handshake", `no TLS could be agreed upon${why}`, tls, { cause: error });
      }
      return new QueryFailure("closed", `the server closed the connection before TLS stood${why}`, look, {
        cause: error,
      });
    case "answer":
      return bytes === 0
        ? new QueryFailure("closed", `the server closed the connection without a byte${why}`, look, {
            cause: error,
          })
        : new QueryFailure("cut-short", `the answer is cut short after ${bytes} bytes${why}`, look, {
            cause: error,
          });
  }
}

/** What came could not even be looked at. */
export function describeUnreadable(cause: unknown): QueryFailure {
  return new QueryFailure("protocol", `the answer could not be read: ${cause}`, "report this", { cause });
}
