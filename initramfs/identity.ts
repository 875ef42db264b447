import { createPrivateKey, X509Certificate } from "node:crypto";
import { fatal } from "../agent/errors.ts";
import { CLIENT, PINS, REQUIRED } from "../agent/trust.ts";
import type { CpioEntry } from "./cpio.ts";
import { readGiven } from "./given-file.ts";

/** How server and node know each other beyond the CA: pinned keys of servers, a certificate for nodes. */
export interface Identity {
  /** `sha256:BASE64` of servers' keys. */
  readonly pins?: readonly string[];
  /** PEM files. Whoever can fetch the initrd has the key. */
  readonly client?: { readonly cert: string; readonly key: string };
  /** `statelite.tls=insecure` is refused. */
  readonly requireTls?: boolean;
}

/** @throws BootError where a file cannot be used, or key and certificate are not of each other */
export async function identityFiles({ pins = [], client, requireTls }: Identity): Promise<CpioEntry[]> {
  const file = (name: string, mode: number, text: string): CpioEntry => ({
    kind: "file",
    path: `etc/statelite/${name}`,
    mode,
    data: Buffer.from(text),
  });
  const pinned = pins.length === 0 ? [] : [file(PINS, 0o644, pins.map((pin) => `${pin}\n`).join(""))];
  if (requireTls === true) pinned.push(file(REQUIRED, 0o644, ""));
  if (client === undefined) return pinned;
  const [cert, key] = await Promise.all([readPem(client.cert), readPem(client.key)]);
  checkPair(client, cert, key);
  return [...pinned, file(CLIENT.cert, 0o644, cert), file(CLIENT.key, 0o600, key)];
}

/** A pin as it is given: the SHA-256 of a public key, in base64 with its padding. */
export function isPin(text: string): boolean {
  return /^sha256:[A-Za-z0-9+/]{43}=$/.test(text);
}

async function readPem(path: string): Promise<string> {
  return (await readGiven(path, (found) => refuse(path, found))).toString();
}

function checkPair(files: { readonly cert: string; readonly key: string }, cert: string, key: string): void {
  let matches: boolean;
  try {
    matches = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw refuse(
      `${files.cert}, ${files.key}`,
      `no certificate and key that can be used: ${error instanceof Error ? error.message : error}`,
    );
  }
  if (!matches) throw refuse(`${files.cert}, ${files.key}`, "the key is not that of the certificate");
}

function refuse(on: string, found: string) {
  return fatal("client-certificate", {
    doing: "put the nodes' certificate into the initrd",
    on,
    found,
    remedy: "give a certificate and its key without a password, both as PEM files",
  });
}
