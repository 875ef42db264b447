import { fatal } from "../../agent/errors.ts";
import { TOKEN } from "../../agent/xcat/trust.ts";
import { FollowedFile } from "../followed-file.ts";
import type { ServerLog } from "../log.ts";

/** Which node a bearer token stands for (RFC 6750). */
export interface Tokens {
  nodeOf(token: string): Promise<string | undefined>;
}

const noTokens: Tokens = { nodeOf: () => Promise.resolve(undefined) };

/**
 * A file of lines `node token`, with `#` comments, read again when it changes. Tokens are kept as digests, by which
 * they are looked up: the time that takes tells nothing about a token.
 *
 * @throws BootError with the line that is wrong, and never the token
 */
export async function openTokens(path: string | undefined, log: ServerLog): Promise<Tokens> {
  if (path === undefined) return noTokens;
  try {
    const file = await FollowedFile.open(path, "tokens", readTokens, log);
    return { nodeOf: async (token) => (await file.current()).get(digest(token)) };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const parts = {
      doing: "read the nodes' tokens",
      on: path,
      found,
      remedy: "correct the file, or check --tokens",
    };
    throw fatal("server-files", parts, error);
  }
}

/** Nodes by the digests of their tokens. @throws Error that names the first line that is wrong */
function readTokens(text: string): ReadonlyMap<string, string> {
  const nodes = new Map<string, string>();
  for (const [index, line] of text.split("\n").entries()) {
    const [node, token = "", more] = line
      .replace(/(?:^|\s)#.*/s, "")
      .trim()
      .split(/\s+/);
    if (node === undefined || node === "") continue;
    if (more !== undefined || !TOKEN.test(token))
      throw new Error(`line ${index + 1}: not a node and a token of 16 to 512 visible characters`);
    if (nodes.has(digest(token)))
      throw new Error(`line ${index + 1}: a token that stands for another node already`);
    nodes.set(digest(token), node);
  }
  return nodes;
}

function digest(token: string): string {
  return new Bun.CryptoHasher("sha256").update(token).digest("base64");
}
