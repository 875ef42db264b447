import { existsSync, readFileSync } from "node:fs";
import { chmod, chown, copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQL } from "bun";
import { freePorts } from "../bench/ports.ts";
import { run } from "../command.ts";
import type { Authority } from "../pki.ts";
import { BenchError } from "../problem.ts";
import { tied } from "../tied.ts";
import { poll } from "../time.ts";
import { postgresPrograms } from "./programs.ts";

/** PostgreSQL refuses to run as root; any other user will do. */
const NOBODY = 65_534;

/** The users of the database, and the password that both have over TCP. */
export const postgresUsers = { owner: "xcatadm", reader: "reader", password: "s3cret|word" } as const;

/** A PostgreSQL with an empty database `xcatdb`, as xCAT's pgsqlsetup makes it, in a folder of its own. */
export interface Postgres extends AsyncDisposable {
  /** The directory of its Unix socket, where no password is asked for. */
  readonly socket: string;
  /** On 127.0.0.1, with passwords (SCRAM). */
  readonly port: number;
  /** What the server takes after `--tables`: as the user who may only read, through the socket. */
  readonly tables: string;
  /** The same as the user who may write. */
  readonly ownTables: string;
  /** A connection as the owner of the database. */
  connect(): SQL;
  start(): Promise<void>;
  /** Ends it as an administrator does, with connections open or not. */
  stop(): Promise<void>;
  /** Has it hang: its connections stay, new ones are taken by the kernel, and nobody answers. */
  suspend(): void;
  resume(): void;
}

/**
 * Makes and starts one; it ends with this process at the latest.
 *
 * @param tls the certificate that it shows; without one it speaks no TLS
 */
export async function openPostgres({ tls }: { readonly tls?: Authority } = {}): Promise<Postgres> {
  const { bin, libraries } = await postgresPrograms();
  const folder = await mkdtemp(join(tmpdir(), "statelite-postgres-"));
  const [port] = await freePorts(1);
  const env = libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries };
  const data = join(folder, "data");
  const passwordFile = join(folder, "password");
  const log = join(folder, "log");
  let child: Bun.Subprocess | undefined;

  async function start(): Promise<void> {
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: folder,
      fsync: "off",
      jit: "off",
      ...(tls && {
        ssl: "on",
        ssl_cert_file: join(folder, "tls.pem"),
        ssl_key_file: join(folder, "tls.key"),
      }),
    };
    const started = Bun.spawn(
      [
        ...asNobody(),
        ...tied("INT", [
          ...[join(bin, "postgres"), "-D", data, "-p", String(port)],
          ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
        ]),
      ],
      {
        stdin: "ignore",
        stdout: Bun.file(log),
        stderr: Bun.file(log),
        env: { ...process.env, ...env },
        cwd: "/",
      },
    );
    child = started;
    const ready = await poll(async () => {
      if (started.exitCode !== null) return "ended";
      return existsSync(join(folder, `.s.PGSQL.${port}`)) && (await answers()) ? "ready" : undefined;
    }, 20);
    if (ready === "ready") return;
    started.kill("SIGKILL");
    throw new BenchError({
      doing: "start PostgreSQL",
      on: folder,
      found: `${ready ?? "it does not answer"}: ${(await Bun.file(log).text()).slice(-500)}`,
      remedy: "start it by hand with the arguments above",
    });
  }

  async function stop(): Promise<void> {
    child?.kill("SIGINT");
    await child?.exited;
    child = undefined;
  }

  /** The postmaster first, so that there is no further process meanwhile. */
  function signal(name: "SIGSTOP" | "SIGCONT"): void {
    if (child === undefined) return;
    child.kill(name);
    const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
    for (const pid of children.split(" ").filter((text) => text !== "")) process.kill(Number(pid), name);
  }

  function connectTo(database: string, user: string): SQL {
    return new SQL({
      adapter: "postgres",
      hostname: folder,
      port,
      database,
      username: user,
      max: 1,
      connectionTimeout: 10,
    });
  }

  async function answers(): Promise<boolean> {
    const sql = connectTo("postgres", "postgres");
    try {
      await sql`SELECT 1`;
      return true;
    } catch {
      return false; // Still starting.
    } finally {
      await sql.close();
    }
  }

  async function close(): Promise<void> {
    await stop();
    await rm(folder, { recursive: true, force: true });
  }

  try {
    if (process.getuid?.() === 0) await chown(folder, NOBODY, NOBODY);
    await writeFile(passwordFile, `${postgresUsers.password}\n`);
    const authentication = ["--auth-local=trust", "--auth-host=scram-sha-256", `--pwfile=${passwordFile}`];
    await run(
      // biome-ignore format: one line
      [...asNobody(), join(bin, "initdb"), "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", ...authentication],
      { seconds: 120, env, cwd: "/" },
    );
    if (tls !== undefined) await showCertificate(tls, folder);
    await start();
    const sql = connectTo("postgres", "postgres");
    const { owner, reader, password } = postgresUsers;
    for (const user of [owner, reader]) await sql.unsafe(`CREATE USER ${user} PASSWORD '${password}'`);
    await sql.unsafe(`CREATE DATABASE xcatdb OWNER ${owner}`);
    await sql.close();
    const owning = connectTo("xcatdb", owner);
    await owning.unsafe(`ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${reader}`);
    await owning.close();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    socket: folder,
    port: port ?? 0,
    tables: `pg:dbname=xcatdb;host=${folder};port=${port}|${postgresUsers.reader}|`,
    ownTables: `pg:dbname=xcatdb;host=${folder};port=${port}|${postgresUsers.owner}|`,
    connect: () => connectTo("xcatdb", postgresUsers.owner),
    start,
    stop,
    suspend: () => signal("SIGSTOP"),
    resume: () => signal("SIGCONT"),
    [Symbol.asyncDispose]: close,
  };
}

/** PostgreSQL takes a key that only its own user can read. */
async function showCertificate({ certificate, key }: Authority, folder: string): Promise<void> {
  for (const [from, to] of [
    [certificate, "tls.pem"],
    [key, "tls.key"],
  ] as const) {
    const path = join(folder, to);
    await copyFile(from, path);
    await chmod(path, 0o600);
    if (process.getuid?.() === 0) await chown(path, NOBODY, NOBODY);
  }
}

/**
 * Another user where this one is root, who may still reach a checkout in root's own folder; also by access(2), which
 * looks at capabilities of others than root only with that bit (capabilities(7)).
 */
function asNobody(): string[] {
  if (process.getuid?.() !== 0) return [];
  const reach = [
    ...["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"],
    "--securebits=+no_setuid_fixup",
  ];
  return ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", ...reach, "--"];
}
