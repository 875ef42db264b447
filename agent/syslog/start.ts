import type { BootOptions } from "../cmdline/options.ts";
import type { Names } from "../state.ts";
import { type RemoteLog, SYSLOG_PORT } from "./remote-log.ts";

/**
 * Sends the log to LOGSERVER, if there is one.
 * @param from the node's name, or its address
 */
export function startRemoteLog(
  { logServer: host, debug }: Pick<BootOptions, "logServer" | "debug">,
  from: string,
  names: Pick<Names, "lookup">,
  remoteLog: RemoteLog,
): void {
  if (host === undefined) return;
  remoteLog.start({ host, port: SYSLOG_PORT, from, resolve: (name) => names.lookup(name) }, debug);
}
