import fc from "fast-check";
import invariant from "tiny-invariant";
import { BootError } from "../../agent/errors.ts";
import { describePostgres, parsePostgres } from "../../server-stub/tables/postgres-location.ts";
import { mutated } from "./mutate.ts";
import { outcomeOf } from "./outcome.ts";
import { checkEqual, checkPort, checkProblem } from "./shapes.ts";
import { pureTarget } from "./target.ts";

const SECRET = "Cuckoo%2fNest";
const samples = [
  `postgresql://xcatadm:${SECRET}@10.0.0.1:5432/xcatdb?sslmode=require`,
  `postgres://u:${SECRET}@[fe80::1]/db?host=/run/postgresql&port=5433`,
  `dbname=xcatdb;host=10.0.0.1;port=5432|xcatadm|${SECRET}`,
  `dbname=xcatdb host=/run/postgresql sslmode=verify-full user=u password=${SECRET}`,
];
const tokens = [
  "|",
  ";",
  "=",
  " ",
  "%",
  "%zz",
  "%00",
  "@",
  ":",
  "/",
  "?",
  "&",
  "sslmode=",
  "port=0",
  "port=99999",
  "__proto__=1",
  "[",
  "\u0000",
];
const word = fc.stringMatching(/^[a-z][A-Za-z0-9_-]{0,10}$/);

export default pureTarget(
  {
    name: "database-location",
    about:
      "Where a PostgreSQL database is, as a URL or as in cfgloc: understood or refused, and no password is told.",
    inputs: 100_000,
    share: 2000,
  },
  fc.record({
    text: mutated(samples, tokens),
    given: fc.record({
      host: word,
      port: fc.integer({ min: 1, max: 65_535 }),
      database: word,
      user: word,
      password: fc.string({ minLength: 1, maxLength: 8 }),
    }),
  }),
  ({ text, given }) => {
    const { value, refusal } = outcomeOf(() => parsePostgres(text), BootError);
    for (const problem of refusal?.problems ?? []) checkProblem(problem);
    if (value !== undefined) {
      checkPort(value.port);
      invariant(value.host !== "" && value.database !== "" && value.user !== "");
      // A damaged text may have it elsewhere as well.
      const once = text.split("uckoo").length === 2;
      if (once && value.password?.includes("Cuckoo")) invariant(!describePostgres(value).includes("Cuckoo"));
    }
    const { host, port, database, user, password } = given;
    const url = `postgresql://${user}:${encodeURIComponent(password.toWellFormed())}@${host}:${port}/${database}`;
    const dbi = `dbname=${database};host=${host};port=${port}|${user}|${password}`;
    checkEqual(parsePostgres(dbi), { ...given, tls: "prefer" }, "from cfgloc");
    if (URL.canParse(url)) {
      // A URL has rules of its own for hosts: numbers, capitals.
      const found = { ...parsePostgres(url), host: "" };
      checkEqual(
        found,
        { ...given, password: password.toWellFormed(), host: "", tls: "prefer" },
        "from a URL",
      );
    }
  },
);
