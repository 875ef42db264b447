import { fatal } from "../../agent/errors.ts";
import type { ConnectionLog } from "../serve/limited-log.ts";
import { type Address, formatAddress, type Listening } from "../serve/listener.ts";
import { findBootFile } from "./find.ts";

/** A boot loader that takes nothing for so long is gone. */
const idleSeconds = 60;

/**
 * Serves kernels, initrds and boot loaders' configurations by HTTP, to anybody: who is switched on cannot prove who he
 * is, and TFTP beside it asks nobody either.
 *
 * @param root what boot loaders see as `/tftpboot`
 * @throws BootError where the address cannot be had
 */
export function listenBootFiles(at: Address, root: string, log: ConnectionLog): Listening {
  const answer = async (request: Request, client: string): Promise<Response> => {
    const { pathname } = new URL(request.url);
    const name = pathname.slice(0, 200);
    if (request.method !== "GET" && request.method !== "HEAD") {
      log.complaint("boot file refused", client, `${request.method.slice(0, 20)} ${name}`);
      return new Response(null, { status: 405, headers: { Allow: "GET, HEAD" } });
    }
    const file = await findBootFile(root, pathname);
    if (file === undefined) {
      log.complaint("boot file not there", client, name);
      return new Response(null, { status: 404 });
    }
    const content = Bun.file(file);
    log.line(`${client}: boot file ${name}: ${content.size} bytes`);
    return new Response(content, { headers: { "Content-Type": "application/octet-stream" } });
  };
  try {
    const server = Bun.serve({
      hostname: at.host,
      port: at.port,
      idleTimeout: idleSeconds,
      maxRequestBodySize: 0,
      fetch: (request, self) => answer(request, self.requestIP(request)?.address ?? "unknown address"),
      error: (error) => {
        log.line(`boot files: ${error.message}`);
        return new Response(null, { status: 500 });
      },
    });
    return {
      address: formatAddress({ host: at.host, port: server.port ?? at.port }),
      close: () => server.stop(true),
    };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const remedy = "choose another --boot-listen address, or end the program that has it";
    throw fatal("listen", { doing: "listen", on: formatAddress(at), found, remedy }, error);
  }
}
