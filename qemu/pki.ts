import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MANAGEMENT_NODE } from "./bench/network.ts";
import { run } from "./command.ts";
import { out } from "./paths.ts";

/** A certificate authority and the server certificate that it signed; all PEM files. */
export interface Authority {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface Pki {
  /** The cluster's own "xCAT CA", which the initrd carries. */
  readonly cluster: Authority;
  /** Another authority with a certificate for the same name: what an impostor would have. */
  readonly foreign: Authority;
}

/**
 * The bench's certificates, in `out/pki` (and there the authority is `ca.pem`, which a build embeds): made once, as a cluster has them for years, because the initrd embeds the
 * authority. As xcatd has it, name and alternative name are the server's short host name, never an address.
 */
export async function preparePki(directory = join(out, "pki"), serverName = MANAGEMENT_NODE): Promise<Pki> {
  if (!existsSync(directory)) {
    const fresh = `${directory}.${process.pid}.tmp`;
    rmSync(fresh, { recursive: true, force: true });
    await makeAuthority(fresh, "xCAT CA", serverName);
    await makeAuthority(join(fresh, "foreign"), "Foreign CA", serverName);
    try {
      renameSync(fresh, directory);
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      if (!existsSync(directory)) throw error; // Else another bench made it meanwhile: the first one counts.
    }
  }
  return {
    cluster: authorityIn(directory),
    foreign: authorityIn(join(directory, "foreign")),
  };
}

function authorityIn(directory: string): Authority {
  const file = (name: string) => join(directory, name);
  return { ca: file("ca.pem"), certificate: file("server.pem"), key: file("server.key") };
}

async function makeAuthority(directory: string, authorityName: string, serverName: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const { ca, certificate, key } = authorityIn(directory);
  const caKey = join(directory, "ca.key");
  const request = join(directory, "server.csr");
  const extensions = join(directory, "server.ext");
  const openssl = (...args: string[]) =>
    run(["openssl", ...args], { seconds: 30, remedy: "install openssl: npm run setup" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl(
    "req",
    "-x509",
    ...newKey,
    "-days",
    "7300",
    "-subj",
    `/CN=${authorityName}`,
    "-keyout",
    caKey,
    "-out",
    ca,
  );
  await openssl("req", ...newKey, "-subj", `/CN=${serverName}`, "-keyout", key, "-out", request);
  writeFileSync(
    extensions,
    `basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:${serverName}\n`,
  );
  const signer = ["-CA", ca, "-CAkey", caKey, "-CAcreateserial", "-days", "7300"];
  await openssl("x509", "-req", "-in", request, ...signer, "-extfile", extensions, "-out", certificate);
}
