import type { Socket } from "node:net";
import { hostname } from "node:os";
import { fatal } from "../../agent/errors.ts";
import { listenBootFiles } from "../boot-files/listen.ts";
import { parseAddress } from "../cli/address.ts";
import { defineCommand, required, UsageError } from "../cli/command.ts";
import { allowCmdOption, tablesOf, tablesOption } from "../cli/common.ts";
import type { Options, Values } from "../cli/options.ts";
import { openEditor } from "../edit/open.ts";
import { serveHttp } from "../http/connection.ts";
import type { HttpContext } from "../http/context.ts";
import { Gate } from "../http/gate.ts";
import { ReportStore } from "../http/report-store.ts";
import { openTokens } from "../http/tokens.ts";
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
import { openTables } from "../tables/open.ts";

const options = {
  tables: tablesOption,
  listen: { takes: "HOST:PORT", help: "where to answer; port 0 lets the kernel choose" },
  cert: { takes: "FILE", completes: { kind: "file" }, help: "certificate, PEM, with its chain" },
  key: { takes: "FILE", completes: { kind: "file" }, help: "its key, PEM" },
  ca: {
    takes: "FILE",
    completes: { kind: "file" },
    help: "ask clients for a certificate of this CA; policy rows with a name need one",
  },
  hosts: {
    takes: "FILE",
    completes: { kind: "file" },
    help: "names of addresses in /etc/hosts form, asked before DNS",
  },
  "no-dns": { help: "ask --hosts only" },
  name: { takes: "NAME", help: "this server's name in answers (default: the short host name)" },
  "allow-cmd": allowCmdOption,
  monitor: {
    takes: "HOST:PORT",
    help: "answer the install monitor too (port 3002); statuses go to nodelist.status of the tables",
  },
  http: { takes: "HOST:PORT", help: "answer the JSON protocol over HTTPS too, with the same certificate" },
  "http-plain": { takes: "HOST:PORT", help: "the same without TLS: nobody proves who he is there" },
  "http-limit": {
    takes: "N",
    help: "HTTP requests that are worked on at the same time, reports apart; others get 503 (default 256)",
  },
  tokens: {
    takes: "FILE",
    completes: { kind: "file" },
    help: "lines of a node and its bearer token, another proof of who asks by HTTP; followed for changes",
  },
  reports: {
    takes: "DIR",
    completes: { kind: "folder" },
    help: "keep the reports of boots that nodes send by HTTP: of each node the last 16, or 32 MiB",
  },
  "boot-files": {
    takes: "DIR",
    completes: { kind: "folder" },
    help: "show boot loaders this directory as http://…/tftpboot/, as nodeset fills it",
  },
  "boot-listen": { takes: "HOST:PORT", help: "where (default :80)" },
  "request-timeout": { takes: "SEC", help: "for a request to arrive whole (default 10)" },
  json: { help: "say where it listens as one line of JSON, by option" },
} as const satisfies Options;

/** What is said of a port when it is open, by the option that asks for it. */
const ports = {
  http: "JSON over HTTPS",
  "http-plain": "JSON over HTTP",
  monitor: "install monitor",
  "boot-files": "boot files",
  listen: "listening",
} as const satisfies Partial<Record<keyof typeof options, string>>;

type Port = keyof typeof ports;

const log = new LimitedLog(stderrLog);

export const serve = defineCommand({
  name: "serve",
  summary: "answer nodes as xcatd does",
  about:
    "Answers nodes as xcatd does on port 3001, until SIGTERM or SIGINT. Changes of the tables are followed.",
  options,
  operands: [],
  notes: `Prints "listening on HOST:PORT" when it is ready. One line for each request goes to standard error.`,
  run,
});

async function run(values: Values<typeof options>): Promise<number> {
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
  const tokens = await openTokens(values.tokens, log);
  const reports =
    values.reports === undefined ? {} : { reports: await new ReportStore(values.reports).open() };
  const location = tablesOf(values);
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
    const gates = { boot: new Gate(httpLimit), report: new Gate(httpLimit) };
    const http: HttpContext = { ...context, tokens, ...reports, gates };
    const answerHttp = (socket: Socket): Promise<void> => serveHttp(socket, http);
    const opened: Partial<Record<Port, string>> = {};
    const open = (port: Port, listening: Listening): void => {
      listeners.push(listening);
      opened[port] = listening.address;
      if (values.json !== true) process.stdout.write(`${ports[port]} on ${listening.address}\n`);
    };
    if (httpAt !== undefined) open("http", await listenTls(httpAt, files, log, answerHttp));
    if (plainAt !== undefined) open("http-plain", await listenTcp(plainAt, log, answerHttp));
    if (monitorAt !== undefined)
      open("monitor", await listenTcp(monitorAt, log, (socket) => serveMonitor(socket, context, recorder)));
    const bootFiles = values["boot-files"];
    if (bootFiles !== undefined) open("boot-files", listenBootFiles(bootAt, bootFiles, log));
    const xcatd = await listenXcatd(at, files, context);
    const stopped = stopSignal(); // Before anybody is told that it runs.
    open("listen", xcatd);
    if (values.json === true) process.stdout.write(`${JSON.stringify(opened)}\n`);
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
    return await HostsFile.open(path, log);
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
