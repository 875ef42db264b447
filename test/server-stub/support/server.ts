import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import invariant from "tiny-invariant";

/** The real program on a free port of loopback, with certificates and a hosts file of its own. */
export interface TestServer {
  readonly directory: string;
  readonly pid: number;
  /** The address that it listens at. */
  readonly host: string;
  readonly port: number;
  readonly monitorPort: number;
  /** Of `--http` and `--http-plain`, where they were given. */
  readonly httpPort: number;
  readonly plainPort: number;
  /** Everything logged so far. */
  log(): string;
  /** Sends SIGTERM, removes the files, gives the exit status. */
  stop(): Promise<number>;
}

/** At 127.0.0.1, as most tests want it. @param hosts reverse names by address */
export function startServer(
  tables: string,
  hosts: Readonly<Record<string, string>>,
  ...options: string[]
): Promise<TestServer> {
  return startServerAt("127.0.0.1", tables, hosts, ...options);
}

/** @param host an address of loopback: at one of its own nobody else's clients come by mistake, whatever the port */
export async function startServerAt(
  host: string,
  tables: string,
  hosts: Readonly<Record<string, string>>,
  ...options: string[]
): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), "statelite-server-"));
  await makeCertificates(directory);
  await writeFile(
    join(directory, "hosts"),
    Object.entries(hosts)
      .map(([a, n]) => `${a} ${n}\n`)
      .join(""),
  );
  const file = (name: string): string => join(directory, name);
  const child = Bun.spawn(
    // biome-ignore format: one option a line
    [process.execPath, join(import.meta.dir, "../../../server-stub/main.ts"), "serve",
      "--tables", tables, "--listen", `${host}:0`, "--monitor", `${host}:0`,
      "--cert", file("server.pem"), "--key", file("server.key"), "--ca", file("ca.pem"),
      "--hosts", file("hosts"), "--no-dns", "--name", "xcatmn", ...options],
    { stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
  let log = "";
  const logged = (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of child.stderr) log += decoder.decode(bytes, { stream: true });
  })();
  let said = "";
  for await (const bytes of child.stdout) {
    said += new TextDecoder().decode(bytes);
    if (said.includes("\nlistening on ")) break;
  }
  const ports = /install monitor on \S+:(\d+)\nlistening on \S+:(\d+)\n/.exec(said);
  invariant(ports !== null, `the server did not start: ${said}${log}`);
  return {
    directory,
    pid: child.pid,
    host,
    port: Number(ports[2]),
    monitorPort: Number(ports[1]),
    httpPort: Number(/JSON over HTTPS on \S+:(\d+)\n/.exec(said)?.[1]),
    plainPort: Number(/JSON over HTTP on \S+:(\d+)\n/.exec(said)?.[1]),
    log: () => log,
    stop: async () => {
      child.kill("SIGTERM");
      const status = await child.exited;
      await logged;
      await rm(directory, { recursive: true });
      return status;
    },
  };
}

/** Whether the log says so, now or within 5 s: it travels by itself, behind the answer. */
export async function logs(server: TestServer, text: string): Promise<boolean> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (server.log().includes(text)) return true;
    await Bun.sleep(50);
  }
  return false;
}

/** A CA, a server's, an administrator's and a node's certificate by it, and one that it did not sign. */
async function makeCertificates(directory: string): Promise<void> {
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
  const signed = "-CA ca.pem -CAkey ca.key";
  const script = `set -e
openssl req -x509 ${key} -keyout ca.key -out ca.pem -subj "/CN=xCAT CA"
openssl req -x509 ${key} ${signed} -keyout server.key -out server.pem -subj /CN=xcatmn
openssl req -x509 ${key} ${signed} -keyout root.key -out root.pem -subj /CN=root
openssl req -x509 ${key} ${signed} -keyout n02.key -out n02.pem -subj /CN=n02
openssl req -x509 ${key} ${signed} -keyout n02.cluster.test.key -out n02.cluster.test.pem -subj /CN=n02.cluster.test
openssl req -x509 ${key} -keyout evil.key -out evil.pem -subj /CN=root`;
  const made = Bun.spawnSync(["sh", "-c", script], { cwd: directory, stderr: "pipe" });
  invariant(made.success, made.stderr.toString());
}

export interface AskOptions {
  /** Close the writing half after the request. */
  readonly halfClose?: boolean;
  /** Certificate and key `NAME.pem`, `NAME.key` of the server's directory. */
  readonly certificate?: string;
  /** Send the request one byte at a time. */
  readonly bytewise?: boolean;
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
}

/** Sends a request from an address of loopback and gives all that comes back until the server closes. */
export async function ask(
  server: TestServer,
  source: string,
  request: string,
  options: AskOptions = {},
): Promise<string> {
  const socket = await openTls(server, source, options);
  const answer = collect(socket);
  if (options.bytewise === true) {
    for (const byte of request) {
      socket.write(byte, "latin1");
      await Bun.sleep(0);
    }
  } else socket.write(request, "latin1");
  if (options.halfClose === true) socket.end();
  return answer;
}

export async function openTls(
  server: TestServer,
  source: string,
  options: AskOptions = {},
): Promise<TLSSocket> {
  const pem = (extension: string): Promise<string> =>
    Bun.file(join(server.directory, `${options.certificate}.${extension}`)).text();
  const socket = connectTls({
    host: server.host,
    port: server.port,
    localAddress: source,
    ca: await Bun.file(join(server.directory, "ca.pem")).text(),
    checkServerIdentity: () => undefined,
    allowHalfOpen: true,
    ...(options.maxVersion === undefined ? {} : { maxVersion: options.maxVersion }),
    ...(options.certificate === undefined ? {} : { cert: await pem("pem"), key: await pem("key") }),
  } as Parameters<typeof connectTls>[0]);
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve);
    socket.once("error", reject);
  });
  return socket;
}

/** Latin-1 text to the end of the connection, also an abrupt one. */
export function collect(socket: TLSSocket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.on("data", (bytes: Buffer) => {
      text += bytes.toString("latin1");
    });
    socket.on("end", () => socket.end());
    socket.on("error", () => {}); // "close" follows.
    socket.on("close", () => resolve(text));
  });
}

/** What the install monitor says: before the client's line, and after it. A text without a newline ends what it says. */
export function talkToMonitor(server: TestServer, source: string, line: string): Promise<[string, string]> {
  return new Promise((resolve) => {
    const said: [string, string] = ["", ""];
    const socket = connectTcp({ host: server.host, port: server.monitorPort, localAddress: source });
    let sent = false;
    socket.on("data", (bytes) => {
      said[sent ? 1 : 0] += bytes.toString();
      if (!sent && said[0].endsWith("\n")) {
        sent = true;
        if (line.endsWith("\n")) socket.write(line);
        else socket.end(line);
      }
    });
    socket.on("error", () => {}); // "close" follows.
    socket.on("close", () => resolve(said));
  });
}
