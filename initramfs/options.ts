import { parseArgs } from "node:util";
import { isPin } from "./identity.ts";

/** What the command line of the builder asks for. Paths are as given. */
export interface BuilderOptions {
  /** Kernel release; without it Debian's cloud kernel is fetched. */
  readonly kernel?: string;
  /** A `lib/modules` tree, or the folder of one version in it. */
  readonly modules?: string;
  /** Without it /lib/firmware, where the kernel is the site's own. */
  readonly firmware?: string;
  readonly ca?: string;
  /** A compiled agent instead of the one of this checkout. */
  readonly agent?: string;
  readonly busybox?: string;
  readonly module: readonly string[];
  readonly level?: number;
  readonly out?: string;
  /** For processors without AVX2. */
  readonly baseline: boolean;
  readonly requireTls: boolean;
  readonly shell: ShellOption;
  readonly pin: readonly string[];
  readonly client?: { readonly cert: string; readonly key: string };
}

/** Who may use the shell on the console: anybody, nobody, or whoever knows the password that the file has the hash of. */
export type ShellOption =
  | { readonly lock: "allowed" | "refused" }
  | { readonly lock: "password"; readonly hashFile: string };

export type ParsedArguments =
  | { readonly kind: "build"; readonly options: BuilderOptions }
  | { readonly kind: "help" }
  | { readonly kind: "usage"; readonly problem: string };

export const USAGE = `usage: npm run build -- [option]...
Builds out/statelite-agent, out/statelite-server and out/statelite.initrd; only what has changed.

  --kernel VERSION  kernel of the initrd, with its modules in /lib/modules/VERSION;
                    otherwise Debian's cloud kernel, fetched into out/kernel
  --modules DIR     take the modules from this lib/modules tree
  --firmware DIR    take the firmware of network cards from here; otherwise /lib/firmware
                    (for Debian's cloud kernel, whose machines have no such cards, none)
  --ca FILE         PEM certificates that the agent trusts; otherwise out/pki/ca.pem where it is there
  --module NAME     a further module, with all that it needs; repeatable
  --agent FILE      a compiled agent instead of this checkout's
  --busybox FILE    otherwise /bin/busybox
  --baseline        compile for processors without AVX2
  --pin KEY         the server's key has to be this one (or one of several), whatever name it goes by:
                    sha256:BASE64 of its SubjectPublicKeyInfo; repeatable
  --client-cert FILE, --client-key FILE
                    PEM files by which nodes prove to the server that they are nodes
  --require-tls     no kernel command line can say statelite.tls=insecure
  --shell WHO       who gets the shell of "shell" and of a failed boot: allowed (anybody, as without this),
                    refused (nobody: such a boot halts), or password:FILE; FILE holds a hash as
                    mkpasswd -m sha-512 prints it
  --level N         zstd level, 1 to 19 (otherwise 19; 3 takes a second)
  --out FILE        otherwise out/statelite.initrd
  --help            this text

exit status: 0 built, 1 a problem (the message says what to do), 2 wrong usage
`;

/** Pure: the words after the program's name. */
export function parseBuilderArguments(words: readonly string[]): ParsedArguments {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        kernel: { type: "string" },
        modules: { type: "string" },
        firmware: { type: "string" },
        ca: { type: "string" },
        module: { type: "string", multiple: true, default: [] },
        agent: { type: "string" },
        busybox: { type: "string" },
        baseline: { type: "boolean", default: false },
        shell: { type: "string", default: "allowed" },
        "require-tls": { type: "boolean", default: false },
        pin: { type: "string", multiple: true, default: [] },
        "client-cert": { type: "string" },
        "client-key": { type: "string" },
        level: { type: "string" },
        out: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return { kind: "help" };
    const empty = Object.entries(values).find(([, value]) => value === "" || [value].flat().includes(""));
    if (empty !== undefined) return { kind: "usage", problem: `--${empty[0]} needs a value` };
    const { level: levelText, shell: shellText, help: _, ...rest } = values;
    const { "client-cert": cert, "client-key": key, "require-tls": requireTls, ...others } = rest;
    if ((cert === undefined) !== (key === undefined))
      return { kind: "usage", problem: "--client-cert and --client-key go together" };
    const client = cert === undefined || key === undefined ? {} : { client: { cert, key } };
    const wrong = others.pin.find((pin) => !isPin(pin));
    if (wrong !== undefined)
      return { kind: "usage", problem: `--pin takes sha256:BASE64 of a key, not ${wrong}` };
    const shell = readShell(shellText);
    if (shell === undefined)
      return { kind: "usage", problem: `--shell takes allowed, refused or password:FILE, not ${shellText}` };
    const level = levelText === undefined ? undefined : Number(levelText);
    if (level !== undefined && !(Number.isInteger(level) && level >= 1 && level <= 19)) {
      return { kind: "usage", problem: `--level takes a whole number from 1 to 19, not ${levelText}` };
    }
    return {
      kind: "build",
      options: { ...others, ...client, requireTls, shell, ...(level === undefined ? {} : { level }) },
    };
  } catch (error) {
    return { kind: "usage", problem: error instanceof Error ? error.message : String(error) };
  }
}

function readShell(text: string): ShellOption | undefined {
  if (text === "allowed" || text === "refused") return { lock: text };
  const hashFile = /^password:(.+)$/.exec(text)?.[1];
  return hashFile === undefined ? undefined : { lock: "password", hashFile };
}
