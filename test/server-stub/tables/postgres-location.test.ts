import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  describePostgres,
  type PostgresLocation,
  parsePostgres,
  readCfgloc,
} from "../../../server-stub/tables/postgres-location.ts";

const usual: PostgresLocation = {
  host: "/var/run/postgresql",
  port: 5432,
  database: "xcatdb",
  user: "xcatadm",
  tls: "prefer",
};

describe("a DSN", () => {
  const cases: readonly (readonly [string, string, Partial<PostgresLocation>])[] = [
    ["with nothing in it means what xCAT sets up", "", {}],
    [
      "as in cfgloc has source, user and password",
      "dbname=xcatdb;host=10.0.0.1|xcatadm|cluster",
      { host: "10.0.0.1", password: "cluster" },
    ],
    [
      "as in cfgloc may have bars in the password",
      "dbname=x|u|a|b",
      { database: "x", user: "u", password: "a|b" },
    ],
    [
      "as in cfgloc may name port and sslmode",
      "host=h;port=6432;sslmode=require",
      { host: "h", port: 6432, tls: "require" },
    ],
    [
      "may be written as psql takes it",
      "host=h dbname=x user=u password=p",
      { host: "h", database: "x", user: "u", password: "p" },
    ],
    [
      "may be a URL",
      "postgresql://u:p%40w@h:6432/x?sslmode=verify-full",
      { host: "h", port: 6432, database: "x", user: "u", password: "p@w", tls: "verify-full" },
    ],
    [
      "may be a URL with an IPv6 address",
      "postgres://u@[fd00::1]/x",
      { host: "fd00::1", database: "x", user: "u" },
    ],
    [
      "may be a URL with a socket's directory",
      "postgresql:///x?host=/tmp/pg",
      { host: "/tmp/pg", database: "x" },
    ],
  ];
  for (const [rule, dsn, found] of cases)
    test(rule, () => {
      expect(parsePostgres(dsn)).toEqual({ ...usual, ...found });
    });

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ["a port that is none", "host=h;port=70000|u|s3cret", /port 70000/],
    ["an unknown sslmode", "host=h;sslmode=maybe|u|s3cret", /sslmode maybe; disable, /],
    ["a setting without a value", "host|u|s3cret", /host is no NAME=VALUE/],
    ["a URL that is none", "postgresql://u:s3cret@h:x/y", /a URL that cannot be read/],
    ["a URL with half an escape", "postgresql://u%z:s3cret@h/y", /a % that no two hexadecimal/],
    ["a URL pasted twice", "postgresql://h/postgresql://u:s3cret@h/y", /whose name has an @ or a slash/],
  ];
  for (const [rule, dsn, message] of refused)
    test(`refuses ${rule}, without its password in the message`, () => {
      expect(() => parsePostgres(dsn)).toThrow(message);
      expect(() => parsePostgres(dsn)).not.toThrow(/s3cret/);
    });

  test("is described without user and password", () => {
    expect(describePostgres(parsePostgres("host=10.0.0.1|me|s3cret"))).toBe(
      "PostgreSQL database xcatdb at 10.0.0.1:5432",
    );
  });
});

describe("a cfgloc file", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "statelite-cfgloc-"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const write = async (text: string): Promise<string> => {
    const path = join(folder, "cfgloc");
    await Bun.write(path, text);
    return path;
  };

  test("with a Pg: line names a PostgreSQL database", async () => {
    expect(await readCfgloc(await write("Pg:dbname=xcatdb;host=10.0.0.1|xcatadm|cluster\n"))).toEqual({
      kind: "postgres",
      database: { ...usual, host: "10.0.0.1", password: "cluster" },
    });
  });
  test("with a SQLite: line names the folder of the files", async () => {
    expect(await readCfgloc(await write("SQLite:/etc/xcat\n"))).toEqual({
      kind: "sqlite",
      directory: "/etc/xcat",
    });
  });
  test("of another database is refused, with what to do and without the password", async () => {
    const path = await write("mysql:dbname=xcatdb;host=h|root|s3cret\n");
    expect(readCfgloc(path)).rejects.toThrow(/a database of kind mysql; .*dumpxCATdb/);
    expect(readCfgloc(path)).rejects.not.toThrow(/s3cret/);
  });
  test("that is empty, or not there, is refused by its name", async () => {
    expect(readCfgloc(await write("\n"))).rejects.toThrow(/cfgloc: no line such as Pg:/);
    expect(readCfgloc("/nonexistent")).rejects.toThrow(/\/nonexistent: ENOENT/);
  });
});
