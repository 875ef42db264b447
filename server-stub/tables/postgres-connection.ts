import { readFileSync } from "node:fs";
import { SQL, type TransactionSQL } from "bun";
import type { PostgresLocation } from "./postgres-location.ts";

const connectSeconds = 10;

/**
 * One connection to a database, made when it is first used. Nothing is prepared, so that it goes on where an
 * administrator changes a table's columns.
 *
 * @throws where the file of the authorities cannot be read
 */
export function connectPostgres(location: PostgresLocation): SQL {
  const { host, port, database, user, password, tls, rootCertificate } = location;
  const ca = rootCertificate === undefined ? undefined : readFileSync(rootCertificate, "utf8");
  return new SQL({
    adapter: "postgres",
    // Only for the TLS mode, which has no option of its own; all else below goes before it.
    url: `postgresql://localhost/?sslmode=${host.startsWith("/") ? "disable" : tls}`,
    hostname: host,
    port,
    database,
    username: user,
    password: password ?? process.env["PGPASSWORD"] ?? "",
    ...(ca === undefined || host.startsWith("/") ? {} : { tls: { ca } }),
    max: 1,
    prepare: false,
    connectionTimeout: connectSeconds,
    connection: { application_name: "statelite-server" },
  });
}

/**
 * Has the database end a transaction that waits for somebody's lock. It does not notice that we have given up and gone:
 * one connection after the other would wait, until it takes no more from xcatd either. Not said where the connection
 * begins, as what pools connections refuses settings there.
 */
export async function boundWaits(sql: TransactionSQL, seconds: number): Promise<void> {
  await sql.unsafe(`SET LOCAL lock_timeout = ${Math.ceil(seconds * 1000)}`);
}

/**
 * A peer that is gone without a word would be waited for, for ever.
 *
 * @throws where the work is not done in time
 */
export async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
