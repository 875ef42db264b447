import { isIP, isIPv4 } from "node:net";
import invariant from "tiny-invariant";
import { CATALOGUE } from "../../agent/catalogue/catalogue.ts";
import { formatProblem, type Problem } from "../../agent/errors.ts";

/** What has to hold of values, whatever was read to get them. All of them throw where it does not. */

/** Far more than a screen; what an enemy can have printed for one mistake. */
const LONGEST_LINE = 80_000;

/** The four parts are there, the code is in the catalogue, and the line is harmless to print. */
export function checkProblem(problem: Problem): void {
  invariant(Object.hasOwn(CATALOGUE, problem.code), () => `no code ${problem.code}`);
  for (const part of ["doing", "on", "found", "remedy"] as const)
    invariant(
      problem[part].trim() !== "" || part === "on",
      () => `${part} is empty: ${JSON.stringify(problem)}`,
    );
  checkHarmless(formatProblem(problem));
}

/** Neither control characters nor what turns the direction of writing, and not endless. */
export function checkHarmless(line: string): void {
  invariant(
    !/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(line),
    () => `not harmless: ${JSON.stringify(line)}`,
  );
  invariant(line.length < LONGEST_LINE, () => `${line.length} characters on one line`);
}

/** A name of DNS or an address, without brackets. */
export function checkHost(host: string): void {
  const good = isIP(host.replace(/%[\w.-]+$/, "")) !== 0 || /^\w[\w.-]{0,252}$/.test(host);
  invariant(good, () => `no host: ${JSON.stringify(host)}`);
}

/** Leads from the top down, and nowhere else. */
export function checkAbsolute(path: string): void {
  const good = path.startsWith("/") && !path.split("/").includes("..") && !/\p{Cc}/u.test(path);
  invariant(good, () => `no safe absolute path: ${JSON.stringify(path)}`);
}

export function checkPort(port: number): void {
  invariant(Number.isInteger(port) && port > 0 && port < 65_536, () => `no port: ${port}`);
}

export function checkIPv4(address: string): void {
  invariant(isIPv4(address), () => `no IPv4 address: ${JSON.stringify(address)}`);
}

/** The same by value; the message has both. */
export function checkEqual(found: unknown, wanted: unknown, what: string): void {
  invariant(
    Bun.deepEquals(found, wanted, true),
    () => `${what}: ${shown(found)} in place of ${shown(wanted)}`,
  );
}

function shown(value: unknown): string {
  return Bun.inspect(value, { depth: 6 }).slice(0, 1000);
}
