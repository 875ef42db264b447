import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  /** The CA in the initrd. */
  readonly ca: string;
  readonly otherCa: string;
  /** As a real xcatd's: the short host name `xcatmn`, valid from 1960. */
  readonly good: KeyPair;
  readonly expired: KeyPair;
  readonly future: KeyPair;
}

/** A small CA made by openssl, as `xcatconfig` makes the cluster's. */
export function makeCertificates(): Certificates {
  const dir = mkdtempSync(join(tmpdir(), "statelite-tls-"));
  try {
    const read = (name: string) => readFileSync(join(dir, name), "utf8");
    writeFileSync(join(dir, "ca.cnf"), CONFIG);
    writeFileSync(join(dir, "index"), "");
    for (const [name, subject] of [
      ["ca", "/CN=xCAT CA"],
      ["other", "/CN=Another CA"],
    ] as const) {
      openssl(
        dir,
        "req",
        "-x509",
        ...NEW_KEY,
        `${name}.key`,
        "-out",
        `${name}.pem`,
        "-days",
        "3650",
        "-subj",
        subject,
      );
    }
    const sign = (name: string, from: string, to: string): KeyPair => {
      openssl(dir, "req", ...NEW_KEY, `${name}.key`, "-out", `${name}.csr`, "-subj", "/CN=xcatmn");
      const dates = ["-startdate", from, "-enddate", to];
      openssl(
        dir,
        "ca",
        "-batch",
        "-config",
        "ca.cnf",
        "-in",
        `${name}.csr`,
        "-out",
        `${name}.pem`,
        ...SIGN,
        ...dates,
      );
      return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
    };
    return {
      ca: read("ca.pem"),
      otherCa: read("other.pem"),
      good: sign("good", "19600101000000Z", "20991231235959Z"),
      expired: sign("expired", "19600101000000Z", "20201231235959Z"),
      future: sign("future", "20980101000000Z", "20991231235959Z"),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout"] as const;
const SIGN = [
  "-cert",
  "ca.pem",
  "-keyfile",
  "ca.key",
  "-notext",
  "-rand_serial",
  "-extensions",
  "server",
] as const;
const CONFIG = `[ca]
default_ca = here
[here]
database = index
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = names
unique_subject = no
[names]
commonName = supplied
[server]
subjectAltName = DNS:xcatmn
`;

function openssl(cwd: string, ...args: readonly string[]): void {
  const run = Bun.spawnSync(["openssl", ...args], { cwd, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  if (run.exitCode !== 0) throw new Error(`openssl ${args[0]}: ${run.stderr.toString()}`);
}
