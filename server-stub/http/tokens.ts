import { readFile } from "node:fs/promises";
import { fatal } from "../../agent/errors.ts";
import { TOKEN } from "../../agent/xcat/trust.ts";

/** Which node a bearer token stands for (RFC 6750). */
export interface Tokens {
  nodeOf(token: string): string | undefined;
}

const noTokens: Tokens = { nodeOf: () => undefined };

/**
 * Reads a file of lines `node token`, with `#` comments. A token is 16 to 512 visible characters: as many as nobody
 * guesses. Kept as digests, by which they are looked up: the time that takes tells nothing about a token.
 *
 * @throws BootError with the line that is wrong, and never the token
 */
export async function readTokens(path: string | undefined): Promise<Tokens> {
  if (path === undefined) return noTokens;
  const nodes = new Map<string, string>();
  const lines = (await read(path)).split("\n");
  for (const [index, line] of lines.entries()) {
    const [node, token = "", more] = line
      .replace(/(?:^|\s)#.*/, "")
      .trim()
      .split(/\s+/);
    if (node === undefined || node === "") continue;
    const wrong =
      more !== undefined || !TOKEN.test(token)
        ? "a node and a token of 16 to 512 visible characters were expected"
        : nodes.has(digest(token))
          ? "this token stands for another node already"
          : undefined;
    if (wrong !== undefined) throw unreadable(`${path} line ${index + 1}`, wrong);
    nodes.set(digest(token), node);
  }
  return { nodeOf: (token) => nodes.get(digest(token)) };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : String(error), error);
  }
}

function unreadable(on: string, found: string, cause?: unknown) {
  const doing = "read the nodes' tokens";
  return fatal("server-files", { doing, on, found, remedy: "correct the file, or check --tokens" }, cause);
}

function digest(token: string): string {
  return new Bun.CryptoHasher("sha256").update(token).digest("base64");
}
