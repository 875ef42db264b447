import type { PeerCertificate } from "node:tls";
import { isIPv4, isIPv6 } from "../cmdline/values.ts";
import type { Endpoint } from "./endpoint.ts";
import { QueryFailure } from "./failure.ts";

/**
 * Whether the certificate is this server's. xcatd's holds the server's short host name and never an address, so
 * there is something to compare only where the administrator wrote a name. Throws nothing: an error to hand to TLS.
 */
export function compareName({ host }: Endpoint, certificate: PeerCertificate): QueryFailure | undefined {
  if (isIPv4(host) || isIPv6(host)) return undefined;
  const names = namesOf(certificate).map((name) => name.toLowerCase());
  const wanted = host.toLowerCase();
  const short = wanted.split(".")[0] ?? wanted;
  if (names.includes(wanted) || names.includes(short)) return undefined;
  return new QueryFailure(
    "certificate",
    `wrong name: the server's certificate is for ${names.slice(0, 5).join(", ") || "nobody"}, not for ${host}`,
    "write the name in the certificate, or the server's address, in noderes.xcatmaster, and run nodeset again",
  );
}

/** The DNS names, or the common name where there are none (RFC 6125 section 6.4.4). */
function namesOf(certificate: PeerCertificate): readonly string[] {
  const alternatives = (certificate.subjectaltname ?? "")
    .split(/,\s*/)
    .filter((name) => name.startsWith("DNS:"));
  if (alternatives.length > 0) return alternatives.map((name) => name.slice("DNS:".length));
  return [certificate.subject?.CN ?? []].flat();
}

/** What X509_verify_cert says (as `authorizationError`), for people. `now` is this machine's clock. */
export function describeCertificate(code: string, now: Date): QueryFailure {
  const clock = `this node's clock says ${now.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  switch (code) {
    case "CERT_HAS_EXPIRED":
      return new QueryFailure(
        "certificate",
        `the server's certificate, or the CA's, has expired; ${clock}`,
        "renew it on the server, restart xcatd and build the initrd again; or set the node's clock",
      );
    case "CERT_NOT_YET_VALID":
      return new QueryFailure(
        "certificate",
        `the server's certificate, or the CA's, is not yet valid; ${clock}`,
        "set the node's clock (its battery, or its firmware's set-up)",
      );
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "CERT_SIGNATURE_FAILURE":
      return new QueryFailure(
        "certificate",
        `the server's certificate is not signed by the CA in the initrd (${code})`,
        "build the initrd again with the server's /etc/xcat/cert/ca.pem; or this is not your server",
      );
    default:
      return new QueryFailure(
        "certificate",
        `the server's certificate does not hold (${code})`,
        "look at it with: openssl s_client -connect SERVER:3001 -CAfile /etc/xcat/cert/ca.pem",
      );
  }
}
