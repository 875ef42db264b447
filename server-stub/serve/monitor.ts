import type { Socket } from "node:net";
import { identify } from "../identity/identify.ts";
import type { StatusRecorder } from "../status/recorder.ts";
import { isStatus } from "../status/status.ts";
import type { ServeContext } from "./connection.ts";
import { linger } from "./send.ts";

const silenceMilliseconds = 2000;
const maxLineBytes = 1024;
const recordMilliseconds = 5000;

/**
 * One exchange of the install monitor: `ready`, one line, `done`, the end. `done` comes for any line; only
 * `installstatus` with a word that xCAT has is recorded, of the node whose connection it is and of no other. Who is
 * no node is let go without a byte.
 */
export async function serveMonitor(
  socket: Socket,
  context: ServeContext,
  recorder: StatusRecorder,
): Promise<void> {
  const address = socket.remoteAddress ?? "unknown address";
  const identity = await identify(context.tables.current(), address, context.names);
  if (identity.node === undefined) {
    context.log.complaint("monitor: no node", identity.address, identity.host);
    socket.resume();
    socket.end();
    linger(socket);
    return;
  }
  socket.write("ready\n");
  const line = await readLine(socket);
  const [verb, status] = line?.trim().split(/\s+/) ?? [];
  if (line === undefined) {
    context.log.complaint("monitor: nothing said", identity.address, identity.node);
    socket.destroySoon();
    return;
  }
  if (verb === "installstatus" && status !== undefined && isStatus(status))
    await recorded(recorder.record(identity.node, status));
  else context.log.complaint("monitor: unknown", identity.address, `${identity.node}: ${line.slice(0, 80)}`);
  socket.resume();
  socket.end("done\n");
  linger(socket);
}

/** A disk or database that hangs must not keep thousands of connections: their nodes have left long since. */
async function recorded(record: Promise<void>): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, recordMilliseconds);
  });
  await Promise.race([record, late]);
  clearTimeout(timer);
}

/** One line without its newline, which may lack where the client says no more; undefined where none came in time. */
function readLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const timer = setTimeout(() => done(undefined), silenceMilliseconds);
    const done = (line: string | undefined): void => {
      clearTimeout(timer);
      socket.off("data", onData).off("end", onEnd).off("close", onClose);
      resolve(line);
    };
    const onData = (bytes: Buffer): void => {
      text += bytes.toString("latin1");
      const [line, rest] = text.split("\n", 2);
      if (rest !== undefined) done(line);
      else if (text.length > maxLineBytes) done(undefined);
    };
    const onEnd = (): void => done(text === "" ? undefined : text);
    const onClose = (): void => done(undefined);
    socket.on("data", onData).on("end", onEnd).on("close", onClose);
  });
}
