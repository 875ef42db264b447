import { readFile } from "node:fs/promises";
import { fatal } from "../../agent/errors.ts";

/** Where libpq looks on Debian and Red Hat where no host is named. */
const socketDirectory = "/var/run/postgresql";
const maxCfglocBytes = 64 * 1024;

/** sslmode of libpq, as far as the client here knows it. */
const tlsModes = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;
export type TlsMode = (typeof tlsModes)[number];

/** A PostgreSQL database, and as whom to read it. */
export interface PostgresLocation {
  /** A name or an address; a path is the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Never to be printed. Absent: the environment's PGPASSWORD, or none. */
  readonly password?: string;
  readonly tls: TlsMode;
  /** A PEM file with the authorities that `verify-ca` and `verify-full` believe; else those of the system. */
  readonly rootCertificate?: string;
}

/** What a line of cfgloc may name. */
export type DatabaseLocation =
  | { readonly kind: "sqlite"; readonly directory: string }
  | { readonly kind: "postgres"; readonly database: PostgresLocation };

/** For messages, without user and password. */
export function describePostgres({ host, port, database }: PostgresLocation): string {
  return `PostgreSQL database ${database} at ${host}${host.startsWith("/") ? "" : `:${port}`}`;
}

/**
 * Reads what stands after `pg:`, in either form that administrators know: a URL as libpq takes it
 * (`postgresql://user:password@host:port/xcatdb?sslmode=require`), or a cfgloc line without its `Pg:`
 * (`dbname=xcatdb;host=10.0.0.1|user|password`).
 *
 * @throws BootError, which has no password in it
 */
export function parsePostgres(dsn: string): PostgresLocation {
  return /^postgres(?:ql)?:\/\//.test(dsn) ? fromUrl(dsn) : fromDbi(dsn);
}

/**
 * Reads xCAT's cfgloc file: its first line is `Pg:dbname=…;host=…|user|password`, or `SQLite:/etc/xcat`.
 *
 * @throws BootError where there is no such line, or where it names a database that is not read here
 */
export async function readCfgloc(path: string): Promise<DatabaseLocation> {
  const line = await firstLine(path);
  const [, kind = "", rest = ""] = /^\s*(\w+):(.*?)\s*$/s.exec(line) ?? [];
  if (kind === "Pg") return { kind: "postgres", database: fromDbi(rest) };
  if (kind === "SQLite" && rest.startsWith("/")) return { kind: "sqlite", directory: rest };
  throw fatal("tables", {
    doing: "read where the tables are",
    on: path,
    found:
      kind === "" ? "no line such as Pg:dbname=xcatdb;host=…|user|password" : `a database of kind ${kind}`,
    remedy:
      "PostgreSQL and SQLite are read; of others, export the tables (dumpxCATdb -p DIR) and serve that folder",
  });
}

async function firstLine(path: string): Promise<string> {
  try {
    const text = await readFile(path, "utf8");
    if (text.length > maxCfglocBytes) throw new Error(`over ${maxCfglocBytes} bytes`);
    return text.split("\n").find((line) => line.trim() !== "" && !line.startsWith("#")) ?? "";
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw fatal(
      "tables",
      { doing: "read where the tables are", on: path, found, remedy: "check --tables cfgloc:FILE" },
      error,
    );
  }
}

function fromUrl(dsn: string): PostgresLocation {
  if (!URL.canParse(dsn)) throw notUnderstood("a URL that cannot be read");
  const url = new URL(dsn);
  const value = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw notUnderstood("a URL with a % that no two hexadecimal digits follow");
    }
  };
  return complete({
    dbname: value(url.pathname.slice(1)),
    host: url.searchParams.get("host") ?? value(url.hostname.replace(/^\[(.*)\]$/, "$1")),
    port: url.port === "" ? (url.searchParams.get("port") ?? "") : url.port,
    sslmode: url.searchParams.get("sslmode") ?? "",
    sslrootcert: url.searchParams.get("sslrootcert") ?? "",
    user: value(url.username),
    password: value(url.password),
  });
}

/** The data source of DBD::Pg, then user and password, which may hold further bars. */
function fromDbi(dsn: string): PostgresLocation {
  const [source = "", user = "", ...password] = dsn.split("|");
  const settings: Record<string, string> = {};
  for (const pair of source.split(/[;\s]+/)) {
    const [name = "", value] = pair.split(/=(.*)/s);
    if (value !== undefined) settings[name.toLowerCase()] = value;
    else if (name !== "") throw notUnderstood(`${name.slice(0, 40)} is no NAME=VALUE`);
  }
  const { dbname, db, database, host, hostaddr, port, sslmode, sslrootcert } = settings;
  return complete({
    dbname: dbname ?? db ?? database ?? "",
    host: hostaddr ?? host ?? "",
    port: port ?? "",
    sslmode: sslmode ?? "",
    sslrootcert: sslrootcert ?? "",
    user: user === "" ? (settings["user"] ?? "") : user,
    password: password.length === 0 ? (settings["password"] ?? "") : password.join("|"),
  });
}

type Given = Readonly<
  Record<"dbname" | "host" | "port" | "sslmode" | "sslrootcert" | "user" | "password", string>
>;

/** Puts in what xCAT and libpq take where nothing is said. */
function complete(given: Given): PostgresLocation {
  const port = given.port === "" ? 5432 : Number(given.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw notUnderstood(`port ${given.port}`);
  // A URL that was pasted twice: its password would become a part of a name that is shown.
  if (/[/@]/.test(given.dbname) || given.host.includes("@"))
    throw notUnderstood("a host or database whose name has an @ or a slash in it");
  const tls = given.sslmode === "" ? "prefer" : tlsModes.find((mode) => mode === given.sslmode);
  if (tls === undefined) throw notUnderstood(`sslmode ${given.sslmode}; ${tlsModes.join(", ")} are known`);
  return {
    host: given.host === "" ? socketDirectory : given.host,
    port,
    database: given.dbname === "" ? "xcatdb" : given.dbname,
    user: given.user === "" ? "xcatadm" : given.user,
    ...(given.password === "" ? {} : { password: given.password }),
    tls,
    ...(given.sslrootcert === "" ? {} : { rootCertificate: given.sslrootcert }),
  };
}

/** The text itself stays out of the message: it has the password. */
function notUnderstood(found: string) {
  return fatal("tables", {
    doing: "read where the tables are",
    on: "--tables pg:",
    found,
    remedy: "write pg:postgresql://user@host:5432/xcatdb, or pg:'dbname=xcatdb;host=10.0.0.1|user|password'",
  });
}
