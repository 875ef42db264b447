import { get as httpGet, type IncomingMessage, type RequestOptions } from "node:http";
import { get as httpsGet } from "node:https";
import { withDeadline } from "../concurrency.ts";
import { printable } from "../errors.ts";
import { errorCode, errorReason } from "../kernel/errno.ts";
import { causeOf } from "../problems.ts";
import { describeCertificate } from "../xcat/certificate.ts";
import { QueryFailure } from "../xcat/failure.ts";
import { type Trust, tlsOptions } from "../xcat/trust.ts";
import type { Chunks } from "./chunks.ts";

/** An image could not be downloaded. `passing`: a later attempt may do better. */
export class DownloadError extends Error {
  override readonly name = "DownloadError";
  readonly remedy: string;
  readonly passing: boolean;

  constructor(found: string, remedy: string, passing: boolean, options?: ErrorOptions) {
    super(printable(found), options);
    this.remedy = remedy;
    this.passing = passing;
  }
}

export interface DownloadContext {
  readonly trust: Trust;
  /** Addresses of a host name, or of an address itself; the initrd has no resolver of its own. */
  resolve(host: string): Promise<readonly string[]>;
  /** Milliseconds that a server may keep silent. */
  readonly silence: number;
}

export interface Download {
  /** Where it came from in the end. */
  readonly url: string;
  /** Bytes, where the server says so. */
  readonly length?: number;
  /** Fails where the server is silent, or sends fewer bytes than it said. */
  readonly body: Chunks;
}

const REDIRECTS = 5;
const SERVER = "check that the web server is up and reachable from this node, and see its log";

/**
 * Asks for a file over HTTP/1.1 (RFC 9112), as far as the first bytes of the answer.
 *
 * Of Bun's node:http (1.4.5) this relies on: `lookup` is asked and nobody else; nothing is unpacked whatever
 * Content-Encoding says; a body cut short is an error; no more is read than is taken. @throws DownloadError
 */
export async function download(url: string, context: DownloadContext): Promise<Download> {
  let at = new URL(url);
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const response = await request(at, context);
    const { statusCode = 0, headers } = response;
    if (statusCode === 200) {
      const length = headers["content-length"] === undefined ? undefined : Number(headers["content-length"]);
      const body = bodyOf(response, length, context.silence);
      return { url: at.href, ...(length !== undefined && { length }), body };
    }
    response.destroy();
    if (![301, 302, 303, 307, 308].includes(statusCode)) throw refused(statusCode);
    at = redirected(at, headers.location);
  }
  throw new DownloadError(
    `more than ${REDIRECTS} redirects, the last one to ${at.href}`,
    "name the file itself in imgurl",
    false,
  );
}

async function request(url: URL, context: DownloadContext): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  let failure: DownloadError | undefined;
  for (const address of await addressesOf(host, context)) {
    try {
      return await requestAt(url, host, address, context);
    } catch (error) {
      failure = describe(error, address, context.trust);
      if (!failure.passing) break;
    }
  }
  throw failure ?? new DownloadError(`${host} has no address`, `check the name ${host} in the DNS`, true);
}

async function addressesOf(host: string, context: DownloadContext): Promise<readonly string[]> {
  try {
    return await context.resolve(host);
  } catch (error) {
    const { found, remedy = `check that the DNS knows ${host}, or write its address` } = causeOf(error);
    throw new DownloadError(`the name ${host} cannot be looked up: ${found}`, remedy, true, { cause: error });
  }
}

function requestAt(
  url: URL,
  host: string,
  address: string,
  { trust, silence }: DownloadContext,
): Promise<IncomingMessage> {
  const secure = url.protocol === "https:";
  // With an empty one Bun would trust the CAs it brings along.
  if (secure && trust.mode === "verify" && trust.ca.trim() === "") return Promise.reject(noCa());
  const options: RequestOptions = {
    host,
    port: url.port || (secure ? 443 : 80),
    path: `${url.pathname}${url.search}`,
    headers: { "accept-encoding": "identity", "user-agent": "statelite-agent", ...authorization(url) },
    agent: false,
    lookup: (_host, _options, found) => found(null, [{ address, family: address.includes(":") ? 6 : 4 }]),
  };
  const endpoint = { host, port: Number(options.port), address };
  const tls = tlsOptions(trust, endpoint);
  return new Promise((resolve, reject) => {
    const sent = secure ? httpsGet({ ...options, ...tls }, answered) : httpGet(options, answered);
    const late = new DownloadError(`${address} did not answer within ${silence / 1000} s`, SERVER, true);
    const timer = setTimeout(() => sent.destroy(late), silence);
    function answered(response: IncomingMessage): void {
      clearTimeout(timer);
      resolve(response);
    }
    // After the answer has begun it is the body's reader that sees what goes wrong.
    sent.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

/** A name and password in the address, as RFC 7617 sends them; a redirect to another host does not take them along. */
function authorization({ username, password }: URL): { authorization?: string } {
  if (username === "" && password === "") return {};
  const plain = [username, password].map(decoded).join(":");
  return { authorization: `Basic ${Buffer.from(plain).toString("base64")}` };
}

/** A percent sign that encodes nothing is one. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function* bodyOf(
  response: IncomingMessage,
  length: number | undefined,
  silence: number,
): AsyncGenerator<Uint8Array> {
  const chunks = response[Symbol.asyncIterator]();
  let bytes = 0;
  const soFar = () => `after ${bytes}${length === undefined ? "" : ` of ${length}`} bytes`;
  try {
    for (;;) {
      const { done, value } = await withDeadline(chunks.next(), silence, "the server says nothing more");
      if (done) break;
      bytes += value.length;
      yield value as Buffer;
    }
  } catch (error) {
    throw new DownloadError(`the connection broke ${soFar()}: ${errorReason(error)}`, SERVER, true, {
      cause: error,
    });
  } finally {
    response.destroy();
  }
  if (length === undefined || bytes === length) return;
  throw new DownloadError(`the connection ended ${soFar()}`, SERVER, true);
}

function redirected(from: URL, location: string | undefined): URL {
  const remedy = "name the file itself in imgurl";
  const to =
    location !== undefined && URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (to === undefined || !/^https?:$/.test(to.protocol)) {
    throw new DownloadError(`the server redirects to "${location ?? "nowhere"}"`, remedy, false);
  }
  if (from.protocol === "https:" && to.protocol === "http:") {
    throw new DownloadError(
      `the server redirects from https to ${to.href}, where nobody proves who he is`,
      remedy,
      false,
    );
  }
  return to;
}

function noCa(): DownloadError {
  const remedy = "build the initrd with --ca /etc/xcat/ca/ca-cert.pem, or boot with statelite.tls=insecure";
  return new DownloadError("the initrd has no CA to check the server's certificate with", remedy, false);
}

function refused(status: number): DownloadError {
  const found = `the server answers with HTTP status ${status}`;
  if (status === 404 || status === 410) {
    return new DownloadError(
      `${found}: there is no such file`,
      "run packimage for this osimage, or correct imgurl (nodeset)",
      false,
    );
  }
  if (status === 401 || status === 403) {
    return new DownloadError(
      `${found}: it does not let this node read the file`,
      "correct the file's mode or the web server's access rules",
      false,
    );
  }
  // 429 and 5xx: overloaded, restarting, a proxy whose server is away.
  return new DownloadError(found, "see the web server's error log", status >= 500 || status === 429);
}

/** What went wrong before the answer began. */
function describe(error: unknown, address: string, trust: Trust): DownloadError {
  if (error instanceof DownloadError) return error;
  if (error instanceof QueryFailure)
    return new DownloadError(error.found, error.remedy, false, { cause: error });
  const code = errorCode(error) ?? "";
  if (/CERT|SIGNATURE|ISSUER|SELF_SIGNED|PURPOSE/.test(code)) {
    const ca = trust.mode === "verify" ? trust.ca : "";
    const { found, remedy } = describeCertificate(code, new Date(), ca);
    return new DownloadError(found, remedy, false, { cause: error });
  }
  if (code.startsWith("HPE_")) {
    return new DownloadError(
      `what answers at ${address} does not speak HTTP (${code})`,
      "correct the port in imgurl (site.httpport)",
      false,
      { cause: error },
    );
  }
  return new DownloadError(`${address}: ${errorReason(error)}`, SERVER, true, { cause: error });
}
