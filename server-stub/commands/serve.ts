import type { Socket } from "node:net";
import { hostname } from "node:os";
import { fatal } from "../../agent/errors.ts";
import { listenBootFiles } from "../boot-files/listen.ts";
import { parseAddress } from "../cli/address.ts";
import { type Command, parseOptions, required, UsageError } from "../cli/command.ts";
import { openEditor } from "../edit/open.ts";
import { serveHttp } from "../http/connection.ts";
import { Gate } from "../http/gate.ts";
import { ReportStore } from "../http/report-store.ts";
import type { HttpContext } from "../http/routes.ts";
import { readTokens } from "../http/tokens.ts";
import { HostsFile } from "../identity/hosts.ts";
import { ReverseDns } from "../identity/reverse.ts";
import { stderrLog } from "../log.ts";
import { refuseCommands, shellCommands } from "../model/run-command.ts";
import type { ServeContext } from "../serve/connection.ts";
import { LimitedLog } from "../serve/limited-log.ts";
import { type Listening, listenTcp } from "../serve/listener.ts";
import { serveMonitor } from "../serve/monitor.ts";
import { listenTls, listenXcatd } from "../serve/tls-listener.ts";
import { StatusRecorder } from "../status/recorder.ts";
import { tablesHelp } from "../tables/location.ts";
import { openTables } from "../tables/open.ts";

const help = `Usage: statelite-server serve --tables TABLES --listen HOST:PORT --cert FILE --key FILE [OPTION]...
Answers nodes as xcatd does on port 3001, until SIGTERM or SIGINT. Changes of the tables are followed.

${tablesHelp}  --listen HOST:PORT     where to answer; port 0 lets the kernel choose
  --cert FILE            certificate, PEM, with its chain
  --key FILE             its key, PEM
  --ca FILE              ask clients for a certificate of this CA; policy rows with a name need one
  --hosts FILE           names of addresses in /etc/hosts form, asked before DNS
  --no-dns               ask --hosts only
  --name NAME            this server's name in answers (default: the short host name)
  --allow-cmd            run the #CMD= of litetree rows on this machine
  --monitor HOST:PORT    answer the install monitor too (port 3002); statuses go to nodelist.status of the tables
  --http HOST:PORT       answer the JSON protocol over HTTPS too, with the same certificate
  --http-plain HOST:PORT the same without TLS: nobody proves who he is there
  --http-limit N         HTTP requests that are worked on at the same time; others get 503 (default 256)
  --tokens FILE          lines of a node and its bearer token, another proof of who asks by HTTP
  --reports DIR          keep the reports of boots that nodes send by HTTP, the last 16 of each node
  --boot-files DIR       show boot loaders this directory as http://…/tftpboot/, as nodeset fills it
  --boot-listen HOST:PORT where (default :80)
  --request-timeout SEC  for a request to arrive whole (default 10)

Prints "listening on HOST:PORT" when it is ready. One line for each request goes to standard error.
`;

const log = new LimitedLog(stderrLog);

export const serve: Command = { name: "serve", summary: "answer nodes as xcatd does", help, run };

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions(args, {
    tables: { type: "string" },
    listen: { type: "string" },
    cert: { type: "string" },
    key: { type: "string" },
    ca: { type: "string" },
    hosts: { type: "string" },
    "no-dns": { type: "boolean" },
    name: { type: "string" },
    "allow-cmd": { type: "boolean" },
    monitor: { type: "string" },
    http: { type: "string" },
    "http-plain": { type: "string" },
    "http-limit": { type: "string" },
    tokens: { type: "string" },
    reports: { type: "string" },
    "boot-files": { type: "string" },
    "boot-listen": { type: "string" },
    "request-timeout": { type: "string" },
  });
  if (positionals[0] !== undefined) throw new UsageError(`what is ${positionals[0]}?`);
  const at = parseAddress(required(values.listen, "--listen"), "--listen");
  const monitorAt = values.monitor === undefined ? undefined : parseAddress(values.monitor, "--monitor");
  const httpAt = values.http === undefined ? undefined : parseAddress(values.http, "--http");
  const plain = values["http-plain"];
  const plainAt = plain === undefined ? undefined : parseAddress(plain, "--http-plain");
  const files = {
    cert: required(values.cert, "--cert"),
    key: required(values.key, "--key"),
    ...(values.ca === undefined ? {} : { ca: values.ca }),
  };
  const requestSeconds = Number(values["request-timeout"] ?? "10");
  if (!(requestSeconds > 0 && requestSeconds <= 3600))
    throw new UsageError("--request-timeout: seconds expected");
  const bootAt = parseAddress(values["boot-listen"] ?? ":80", "--boot-listen");
  const httpLimit = Number(values["http-limit"] ?? "256");
  if (!(Number.isInteger(httpLimit) && httpLimit > 0))
    throw new UsageError("--http-limit: a number expected");
  const names = [
    ...(values.hosts === undefined ? [] : [await openHosts(values.hosts)]),
    ...(values["no-dns"] === true ? [] : [new ReverseDns()]),
  ];
  const tokens = await readTokens(values.tokens);
  const reports =
    values.reports === undefined ? {} : { reports: await new ReportStore(values.reports).open() };
  const location = required(values.tables, "--tables");
  const tables = await openTables(location, log);
  const context: ServeContext = {
    tables,
    names,
    server: values.name ?? hostname().split(".", 1)[0] ?? "localhost",
    runCommand: values["allow-cmd"] === true ? shellCommands(log) : refuseCommands(log),
    log,
    requestSeconds,
  };
  const recorder = new StatusRecorder(await openEditor(location), log);
  const listeners: Listening[] = [];
  try {
    const http: HttpContext = { ...context, tokens, ...reports, gate: new Gate(httpLimit) };
    const answerHttp = (socket: Socket): Promise<void> => serveHttp(socket, http);
    if (httpAt !== undefined) {
      const listener = await listenTls(httpAt, files, log, answerHttp);
      listeners.push(listener);
      process.stdout.write(`JSON over HTTPS on ${listener.address}\n`);
    }
    if (plainAt !== undefined) {
      const listener = await listenTcp(plainAt, log, answerHttp);
      listeners.push(listener);
      process.stdout.write(`JSON over HTTP on ${listener.address}\n`);
    }
    if (monitorAt !== undefined) {
      const monitor = await listenTcp(monitorAt, log, (socket) => serveMonitor(socket, context, recorder));
      listeners.push(monitor);
      process.stdout.write(`install monitor on ${monitor.address}\n`);
    }
    if (values["boot-files"] !== undefined) {
      const listener = listenBootFiles(bootAt, values["boot-files"], log);
      listeners.push(listener);
      process.stdout.write(`boot files on ${listener.address}\n`);
    }
    const xcatd = await listenXcatd(at, files, context);
    listeners.push(xcatd);
    const stopped = stopSignal();
    process.stdout.write(`listening on ${xcatd.address}\n`);
    log.line(`${await stopped}: ending`);
  } finally {
    await Promise.all(listeners.map((listener) => listener.close()));
    await recorder.close();
    tables.close();
    log.flush();
  }
  return 0;
}

async function openHosts(path: string): Promise<HostsFile> {
  try {
    return await new HostsFile(path, log).open();
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw fatal(
      "server-files",
      { doing: "read the names of addresses", on: path, found, remedy: "check --hosts" },
      error,
    );
  }
}

/** Resolves with the name of the first signal that asks for the end; further ones end at once. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });
}
