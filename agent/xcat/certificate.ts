import { X509Certificate } from "node:crypto";
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
  if (names.includes(short) || names.some((name) => covers(name, wanted))) return undefined;
  return new QueryFailure(
    "certificate",
    `wrong name: the server's certificate is for ${names.slice(0, 5).join(", ") || "nobody"}, not for ${host}`,
    "write the name in the certificate, or the server's address, in noderes.xcatmaster, and run nodeset again",
  );
}

/** The name itself, or `*` in place of its first label (RFC 6125 section 6.4.3). */
function covers(name: string, host: string): boolean {
  return name === host || (name.startsWith("*.") && name.slice(1) === host.replace(/^[^.]+/, ""));
}

/** The DNS names, or the common name where there are none (RFC 6125 section 6.4.4). */
function namesOf(certificate: PeerCertificate): readonly string[] {
  const alternatives = (certificate.subjectaltname ?? "")
    .split(/,\s*/)
    .filter((name) => name.startsWith("DNS:"));
  if (alternatives.length > 0) return alternatives.map((name) => name.slice("DNS:".length));
  return [certificate.subject?.CN ?? []].flat();
}

/** What X509_verify_cert says (as `authorizationError`), for people. `now` is this machine's clock, `ca` the initrd's. */
export function describeCertificate(code: string, now: Date, ca: string): QueryFailure {
  const clock = `this node's clock says ${now.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const authorities = readAuthorities(ca);
  const whose = (wrong: (authority: X509Certificate) => boolean) => {
    if (authorities.length > 0 && authorities.every(wrong)) return "the CA in the initrd";
    return authorities.some(wrong)
      ? "the server's certificate, or the CA in the initrd,"
      : "the server's certificate";
  };
  switch (code) {
    case "CERT_HAS_EXPIRED":
      return new QueryFailure(
        "certificate",
        `${whose(({ validTo }) => new Date(validTo) < now)} has expired; ${clock}`,
        "renew it on the server, restart xcatd and build the initrd again; or set the node's clock",
      );
    case "CERT_NOT_YET_VALID":
      return new QueryFailure(
        "certificate",
        `${whose(({ validFrom }) => new Date(validFrom) > now)} is not yet valid; ${clock}`,
        "set the node's clock (its battery, or its firmware's set-up)",
      );
    case "UNABLE_TO_GET_ISSUER_CERT":
      return describeUnrooted(authorities) ?? describeUnsigned(code, authorities);
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "CERT_SIGNATURE_FAILURE":
      return describeUnsigned(code, authorities);
    case "INVALID_PURPOSE":
      return new QueryFailure(
        "certificate",
        "the server shows a certificate that is not for servers: its extended key usage lacks serverAuth",
        "make one with extendedKeyUsage=serverAuth for the server; or this is not your server, but a client of it",
      );
    default:
      return new QueryFailure(
        "certificate",
        `the server's certificate does not hold (${code})`,
        "look at it with: openssl s_client -connect SERVER:3001 -CAfile /etc/xcat/cert/ca.pem",
      );
  }
}

/** A cluster's CA that was made anew has its old name: only the fingerprint tells the two apart. */
function describeUnsigned(code: string, authorities: readonly X509Certificate[]): QueryFailure {
  const shown = authorities.slice(0, 3).map((authority) => {
    const start = authority.fingerprint256.split(":").slice(0, 8).join(":");
    return `${nameOf(authority.subject)}, SHA-256 ${start}…`;
  });
  return new QueryFailure(
    "certificate",
    `the server's certificate is not signed by the CA in the initrd (${[...shown, code].join("; ")})`,
    "see which it is on the server: openssl x509 -noout -fingerprint -sha256 -in /etc/xcat/cert/ca.pem; build the initrd " +
      "again with that CA, or have the server send the certificate between; or this is not your server",
  );
}

/** OpenSSL ends a chain at a CA that signed itself, and at no other. */
function describeUnrooted(authorities: readonly X509Certificate[]): QueryFailure | undefined {
  const unrooted = authorities.find(({ subject, issuer }) => subject !== issuer);
  if (unrooted === undefined) return undefined;
  return new QueryFailure(
    "certificate",
    `the CA in the initrd, ${nameOf(unrooted.subject)}, is itself signed by another, ${nameOf(unrooted.issuer)}, which is not there`,
    "add the certificate of that one to the file of --ca, and build the initrd again",
  );
}

/** The common name of a subject as node:crypto has it: a line for each part. */
function nameOf(subject: string): string {
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? subject.replaceAll("\n", ", ");
}

/** The certificates in a PEM file, without those that cannot be read. */
export function readAuthorities(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return []; // What is left tells less, and that only in a message.
    }
  });
}
