import { promises as fs } from "node:fs";
import { dirname, join } from "node:path";
import type { Settings } from "./cmdline/options.ts";
import { fatal } from "./errors.ts";
import { errorCode, errorReason } from "./kernel/errno.ts";
import { TOKEN, type Trust } from "./xcat/trust.ts";

/** Where the initrd builder puts the cluster's CA, and beside it what else belongs to it. */
export const CA_FILE = "/etc/statelite/ca.pem";

/** Beside the CA; a key in each line. */
export const PINS = "pins";
export const CLIENT = { cert: "client.pem", key: "client.key" } as const;

/** Where it is there, no command line can do without the proof. */
export const REQUIRED = "tls-required";

/** Also beside the CA: what a boot loader puts there by a second initrd, which holds nothing else. */
const TOKEN_FILE = "token";

/**
 * By what the server has to prove who it is, and this node to it: as the initrd has it, so that the kernel command
 * line can take nothing of it but all (`statelite.tls=insecure`), and not even that where the initrd says so.
 *
 * @throws BootError where that is to be a CA and there is none, or something else than a token in its place
 */
export async function readTrust(tls: Settings["tls"], file = CA_FILE): Promise<Trust> {
  if (tls === "insecure") {
    if ((await readIfThere(join(dirname(file), REQUIRED))) !== undefined) throw mayNotBeInsecure();
    return { mode: "insecure" };
  }
  const trust = await readVerified(file);
  const token = await readToken(join(dirname(file), TOKEN_FILE));
  return token === undefined ? trust : { ...trust, token };
}

async function readVerified(file: string): Promise<Trust & { readonly mode: "verify" }> {
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

function mayNotBeInsecure() {
  return fatal("tls-required", {
    doing: "trust any server, as the command line asks",
    on: "statelite.tls=insecure",
    found: "this initrd was built with --require-tls",
    remedy: "take the parameter away, or build an initrd without that option",
  });
}

/** Most nodes have none. */
async function readToken(file: string): Promise<string | undefined> {
  let found: string;
  try {
    const token = (await readIfThere(file))?.trim();
    if (token === undefined || TOKEN.test(token)) return token;
    found = `${token.length} characters that are no token: 16 to 512 visible ones are`;
  } catch (error) {
    found = errorReason(error);
  }
  const doing = "read the token that proves which node this is";
  const remedy =
    "write the token of the server's --tokens file there, and nothing else; or leave the file out";
  throw fatal("tls-token", { doing, on: file, found, remedy });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await fs.readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
