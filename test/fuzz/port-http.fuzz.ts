import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import invariant from "tiny-invariant";
import { readBootDocument } from "../../agent/xcat/document.ts";
import { http, readAnswers } from "../server-stub/support/http.ts";
import { attacks } from "./attack.ts";
import { addresses, attackedHost, attackedServer } from "./attacked-server.ts";
import { httpSamples, httpTokens } from "./samples.ts";
import type { FuzzTarget } from "./target.ts";

const report = '{"schema":1,"agent":"1.0.0","ok":true,"phases":[],"sources":[]}';
const requests = [
  ...httpSamples.map((head) => `${head}\r\n\r\n`),
  `POST /v1/nodes/-/report HTTP/1.1\r\nHost: mn\r\nContent-Type: application/json\r\nContent-Length: ${report.length}\r\n\r\n${report}`,
];

const target: FuzzTarget = {
  name: "port-http",
  about:
    "The HTTP side gets damaged requests, whole, in pieces, half-closed, left and without TLS: each gets one whole answer or none.",
  inputs: 100_000,
  share: 1000,
  async open() {
    const reports = mkdtempSync(join(tmpdir(), "statelite-reports-"));
    const session = await attackedServer({
      attacks: attacks(requests, [...httpTokens, report], addresses),
      atOnce: 200,
      options: ["--http", `${attackedHost}:0`, "--reports", reports],
      reach: async ({ httpPort, directory }) => ({
        port: httpPort,
        ca: await Bun.file(join(directory, "ca.pem")).text(),
      }),
      mayBe: (said, { manner, text }) =>
        manner === "left" || manner === "no TLS" || isWhole(said, text.startsWith("HEAD ")),
      async serves(server) {
        const { status, body } = await http(server, "/v1/nodes/n01/boot", { source: "127.0.0.2" });
        invariant(status === 200 && readBootDocument(Buffer.from(body)).node === "n01");
        const health = await http(server, "/healthz");
        invariant(JSON.parse(health.body).working === 0, `still at work: ${health.body}`);
        return 2;
      },
    });
    const close = async () => {
      await session.close?.();
      rmSync(reports, { recursive: true, force: true });
    };
    return { ...session, close };
  },
};
export default target;

/** Nothing; or `100 Continue` at most, and one answer that is as long as it says and is JSON. */
function isWhole(said: string, head: boolean): boolean {
  if (said === "") return true;
  const answers = readAnswers(said);
  const [answer, ...more] = answers.filter(({ status }) => status !== 100);
  if (answer === undefined || more.length > 0 || answers.length > 2) return false;
  const { status, headers, body } = answer;
  // Of a head that could not be read nobody knows that it was HEAD's.
  if (status === 304 || (head && body === "")) return body === "";
  JSON.parse(body);
  return (
    headers["content-length"] === String(Buffer.from(body, "latin1").length) && status >= 200 && status < 600
  );
}
