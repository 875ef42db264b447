import { promises as fs } from "node:fs";
import type { Settings } from "./cmdline/options.ts";
import { fatal } from "./errors.ts";
import { errorReason } from "./kernel/errno.ts";
import type { Trust } from "./xcat/certificate.ts";

/** Where the initrd builder puts the cluster's CA. */
export const CA_FILE = "/etc/statelite/ca.pem";

/** By what the server has to prove who it is. @throws BootError where that is to be a CA and there is none */
export async function readTrust(tls: Settings["tls"], file = CA_FILE): Promise<Trust> {
  if (tls === "insecure") return { mode: "insecure" };
  try {
    return { mode: "verify", ca: await fs.readFile(file, "utf8") };
  } catch (error) {
    throw fatal(
      "tls-no-ca",
      {
        doing: "read the CA that the server's certificate is checked with",
        on: file,
        found: errorReason(error),
        remedy:
          "build the initrd with --ca /etc/xcat/ca/ca-cert.pem, or boot with statelite.tls=insecure to trust any server",
      },
      error,
    );
  }
}
