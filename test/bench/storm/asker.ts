import { readFileSync } from "node:fs";
import { connect, createSecureContext, type SecureContext } from "node:tls";

/** Where the server is, and whom its certificate is from. */
export interface StormServer {
  readonly port: number;
  readonly httpPort: number;
  /** The authority's certificate, a PEM file. */
  readonly ca: string;
}

/**
 * What a node of the storm asks in one boot, one after the other, each over a new connection from the node's own address.
 * Each rejects where it does not get a whole and good answer.
 */
export type Asker = readonly ((node: { readonly name: string; readonly address: string }) => Promise<void>)[];

/** The storms there are. Another protocol is a line here. */
export const askers: Readonly<Record<string, (server: StormServer) => Asker>> = {
  "port 3001, TLS": xcatd,
  "JSON, HTTPS": json,
};

/** As the agent asks on port 3001; the answer is whole at its serverdone, and must be about the node. */
function xcatd(server: StormServer): Asker {
  const secureContext = createSecureContext({ ca: readFileSync(server.ca), minVersion: "TLSv1.3" });
  return ["litefile", "litetree"].map((command) => async ({ name, address }) => {
    const request = `<xcatrequest><command>${command}</command></xcatrequest>\n`;
    const answer = await exchange(server.port, address, secureContext, request, "</serverdone>");
    if (!answer.includes(`<info>${name}: `))
      throw new Error(`${command} of ${name}: ${answer.slice(0, 200)}`);
  });
}

/** As the agent asks a server of the JSON protocol: for everything at once. A document of the node is whole at its end. */
function json(server: StormServer): Asker {
  const secureContext = createSecureContext({ ca: readFileSync(server.ca), minVersion: "TLSv1.3" });
  return [
    async ({ name, address }) => {
      const request = `GET /v1/nodes/${name}/boot HTTP/1.1\r\nHost: mn\r\nConnection: close\r\n\r\n`;
      const answer = await exchange(server.httpPort, address, secureContext, request, "}]}");
      if (!answer.startsWith("HTTP/1.1 200 ") || !answer.includes(`"node":"${name}"`))
        throw new Error(`document of ${name}: ${answer.slice(0, 200)}`);
    },
  ];
}

/**
 * Sends a text over a new TLS connection, and gives what comes until `end` is in it.
 *
 * @param from the source address, of 127.0.0.0/8
 */
export function exchange(
  port: number,
  from: string,
  secureContext: SecureContext,
  request: string,
  end: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      host: "127.0.0.1",
      port,
      localAddress: from,
      secureContext,
      rejectUnauthorized: false,
    };
    const socket = connect(options as Parameters<typeof connect>[0], () => void socket.write(request));
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (piece: string) => {
      text += piece;
      if (!text.includes(end, text.length - piece.length - end.length)) return;
      socket.destroy();
      resolve(text);
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`closed after ${text.length} bytes`)));
    socket.setTimeout(30_000, () => socket.destroy(new Error("no answer in 30 s")));
  });
}
