import { createHash, X509Certificate } from "node:crypto";
import type { PeerCertificate } from "node:tls";
import { isIPv4, isIPv6 } from "../cmdline/values.ts";
import { compareName } from "./certificate.ts";
import type { Endpoint } from "./endpoint.ts";
import { QueryFailure } from "./failure.ts";

/** A bearer token (RFC 6750): as many visible characters as nobody guesses. */
export const TOKEN = /^[\x21-\x7e]{16,512}$/;

/** How a server proves who it is, and a node to it. */
export type Trust =
  | {
      readonly mode: "verify";
      /** A chain to one of these CAs (PEM, one or several), and to no other: the system's are not asked. */
      readonly ca: string;
      /** Then the server's key has to be one of these, in place of a name: {@link keyPin}. Never empty. */
      readonly pins?: readonly string[];
      /** Shown to a server that asks. PEM. */
      readonly client?: { readonly cert: string; readonly key: string };
      /** Told to a server that speaks JSON, once it has proved who it is. */
      readonly token?: string;
    }
  /** Not at all: `statelite.tls=insecure`. */
  | { readonly mode: "insecure" };

/** A public key as `--pin` of the builder has it: the SHA-256 of its SubjectPublicKeyInfo (RFC 7469 section 2.4). */
export function keyPin(certificate: Uint8Array | string): string {
  const spki = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
  return `sha256:${createHash("sha256").update(spki).digest("base64")}`;
}

/** What node:tls is to be told, so that no byte goes to a server that is not the one that was meant. */
export function tlsOptions(trust: Trust, endpoint: Endpoint) {
  const named = !isIPv4(endpoint.host) && !isIPv6(endpoint.host);
  return {
    minVersion: "TLSv1.2",
    // What stands before several servers tells them apart by it; an address has no place in it (RFC 6066 section 3).
    ...(named && { servername: endpoint.host }),
    ...(trust.mode === "verify" ? { ca: trust.ca, ...trust.client } : {}),
    rejectUnauthorized: trust.mode === "verify",
    checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
      compareIdentity(endpoint, certificate, trust.mode === "verify" ? trust.pins : undefined),
  } as const;
}

/** The chain holds: is it this server? By its key where keys are pinned, else by its name. Throws nothing. */
export function compareIdentity(
  endpoint: Endpoint,
  certificate: PeerCertificate,
  pins: readonly string[] | undefined,
): QueryFailure | undefined {
  if (pins === undefined) return compareName(endpoint, certificate);
  const pin = keyPin(certificate.raw);
  if (pins.includes(pin)) return undefined;
  return new QueryFailure(
    "certificate",
    `wrong key: the certificate is signed by the CA in the initrd, but its key is ${pin}, which is not pinned`,
    "build the initrd again with --pin where the server has a new key; or this is not your server",
  );
}
