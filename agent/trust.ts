import { promises as fs } from "node:fs";
import { dirname, join } from "node:path";
import type { Settings } from "./cmdline/options.ts";
import { fatal } from "./errors.ts";
import { errorCode, errorReason } from "./kernel/errno.ts";
import type { Trust } from "./xcat/trust.ts";

/** Where the initrd builder puts the cluster's CA, and beside it what else belongs to it. */
export const CA_FILE = "/etc/statelite/ca.pem";

/** Beside the CA; a key in each line. */
export const PINS = "pins";
export const CLIENT = { cert: "client.pem", key: "client.key" } as const;

/**
 * By what the server has to prove who it is, and this node to it: as the initrd has it, so that the kernel command
 * line can take nothing of it but all (`statelite.tls=insecure`).
 *
 * @throws BootError where that is to be a CA and there is none
 */
export async function readTrust(tls: Settings["tls"], file = CA_FILE): Promise<Trust> {
  if (tls === "insecure") return { mode: "insecure" };
  try {
    const ca = await fs.readFile(file, "utf8");
    const [pins, cert, key] = await Promise.all(
      [PINS, CLIENT.cert, CLIENT.key].map((name) => readIfThere(join(dirname(file), name))),
    );
    return {
      mode: "verify",
      ca,
      ...(pins !== undefined && { pins: pins.split("\n").filter((line) => line !== "") }),
      ...(cert !== undefined && key !== undefined && { client: { cert, key } }),
    };
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

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await fs.readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
