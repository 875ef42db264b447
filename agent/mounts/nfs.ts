import { withDeadline } from "../concurrency.ts";
import type { KernelCalls } from "../kernel/calls.ts";
import { errorCode, errorReason } from "../kernel/errno.ts";
import type { Log } from "../log.ts";
import { explain, mostTelling, NfsError, Passing, unsupported } from "./nfs-failure.ts";
import { type NfsAttempt, nfsAttempts, nfsPort, nfsSource, overTcp } from "./nfs-options.ts";
import type { NfsServers } from "./nfs-probe.ts";

/** One NFS directory to mount. */
export interface NfsRequest {
  /** Tried in order. */
  readonly servers: readonly string[];
  /** Tried in order, the next one only where a server says that the one before does not exist. */
  readonly directories: readonly string[];
  readonly options: readonly string[];
  /** Where, in the agent's namespace; must exist. */
  readonly target: string;
  /** MS_* flags beside those that the options ask for. */
  readonly flags: number;
  /** Seconds until it is given up. */
  readonly timeout: number;
}

/** What mounting needs from outside. */
export interface NfsContext {
  readonly calls: KernelCalls;
  readonly log: Log;
  readonly servers: NfsServers;
  /** Addresses of a host name. */
  resolve(host: string): Promise<readonly string[]>;
  /** Loads what the kernel needs for a version before it is tried first; absent where that is not ours to do. */
  loadVersion?(major: 3 | 4): Promise<void>;
  /** Our own address towards the servers. */
  readonly clientAddress?: string;
}

export interface NfsMount {
  /** `10.0.0.1:/install/compute/rootimg`. */
  readonly source: string;
  readonly server: string;
  readonly address: string;
  readonly directory: string;
  readonly version: string;
}

const RETRY_SECONDS = [1, 2, 4, 8];

/**
 * Mounts an NFS directory: every server and protocol version in turn, and all of it again while a server may
 * still come back, until the time is over. What a server has answered for good is not asked twice.
 * @throws NfsError
 */
export async function mountNfs(request: NfsRequest, context: NfsContext): Promise<NfsMount> {
  const end = performance.now() + request.timeout * 1000;
  const refused = new Map<string, NfsError>();
  for (let round = 0; ; round++) {
    let last: NfsError | undefined;
    for (const server of request.servers) {
      if (refused.has(server)) continue;
      try {
        return await mountFrom(server, request, context, end);
      } catch (error) {
        if (!(error instanceof NfsError)) throw error;
        if (!(error instanceof Passing)) refused.set(server, error);
        else last = error;
        context.log.detail(`${nfsSource(server, request.directories[0] ?? "/")}: ${error.message}`);
      }
    }
    const pause = (RETRY_SECONDS[round] ?? 8) * 1000 * (0.5 + Math.random());
    if (last === undefined || performance.now() + pause > end)
      throw summary([...refused.values()], last, request);
    const left = Math.round((end - performance.now()) / 1000);
    context.log.say(`NFS: ${last.message}; trying again for another ${left} s`);
    await Bun.sleep(pause);
  }
}

function summary(refused: readonly NfsError[], last: NfsError | undefined, request: NfsRequest): NfsError {
  const all = last === undefined ? refused : [...refused, last];
  const [first] = all;
  if (first === undefined) return new NfsError("no server to mount it from", "name a server", false);
  const text = all.map((error) => error.message).join("; ");
  const waited = last === undefined ? "" : ` (tried for ${request.timeout} s)`;
  return new NfsError(
    text + waited,
    first.remedy,
    all.every((error) => error.absent),
  );
}

async function mountFrom(
  server: string,
  request: NfsRequest,
  context: NfsContext,
  end: number,
): Promise<NfsMount> {
  const addresses = await addressesOf(server, context);
  const failures: NfsError[] = [];
  for (const address of addresses) {
    let failure: NfsError | undefined;
    for (const directory of request.directories) {
      try {
        const version = await mountAt(server, address, directory, request, context, end);
        return { source: nfsSource(server, directory), server, address, directory, version };
      } catch (error) {
        if (!(error instanceof NfsError)) throw error;
        failure = error;
        if (!error.absent) break;
      }
    }
    if (failure !== undefined) failures.push(failure);
  }
  // What the server has answered at one of its addresses counts: that another one cannot be reached from here, as
  // one of IPv6 on a network without it, says nothing of the directory.
  throw (
    failures.find((failure) => !(failure instanceof Passing)) ??
    failures[0] ??
    new Passing(`${server} has no address`, `check the name ${server} in the DNS`, false)
  );
}

async function addressesOf(server: string, context: NfsContext): Promise<readonly string[]> {
  try {
    return await context.resolve(server);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Passing(reason, `check that the DNS knows ${server}, or use its address`, false);
  }
}

async function mountAt(
  server: string,
  address: string,
  directory: string,
  request: NfsRequest,
  context: NfsContext,
  end: number,
): Promise<string> {
  const peer = {
    address,
    ...(context.clientAddress !== undefined && { clientAddress: context.clientAddress }),
  };
  const attempts = nfsAttempts(request.options, peer);
  const source = nfsSource(server, directory);
  const failures: NfsError[] = [];
  let newest = 4.2;
  for (const attempt of attempts) {
    if (Number(attempt.version) > newest) continue;
    const failed = await probeFailure(server, address, attempt, request.options, context.servers);
    if (failed !== undefined) {
      failures.push(failed);
      if (failed instanceof Passing) break;
      continue;
    }
    try {
      await context.loadVersion?.(attempt.version === "3" ? 3 : 4);
      const call = context.calls.mount(
        source,
        request.target,
        "nfs",
        request.flags | attempt.flags,
        attempt.data,
      );
      await withDeadline(call, Math.max(1000, end - performance.now()), `mount of ${source}`);
      if (attempt.version !== "3") context.servers.mountedByVersion4(address);
      return attempt.version;
    } catch (error) {
      context.log.detail(`NFS ${attempt.version} of ${source} (${attempt.data}): ${errorReason(error)}`);
      const failure = explain(error, source, attempt, address);
      failures.push(failure);
      if (failure instanceof Passing) context.servers.forget();
      newest = nextToTry(error, attempt.version, context.servers.hasMountedByVersion4(address));
    }
  }
  throw (
    mostTelling(failures) ??
    new NfsError(`${source}: no NFS version left to try`, "correct vers= in the mount options", false)
  );
}

async function probeFailure(
  server: string,
  address: string,
  attempt: NfsAttempt,
  options: readonly string[],
  servers: NfsServers,
): Promise<NfsError | undefined> {
  if (!overTcp(options)) return undefined;
  const major = attempt.version === "3" ? 3 : 4;
  const port = nfsPort(options);
  const answer = await servers.ask(address, port, major);
  if (answer.kind === "alive") return undefined;
  const host = server === address ? server : `${server} (${address})`;
  if (answer.kind === "no such version") return unsupported(host, attempt.version);
  const found = `${host} port ${port}: ${answer.reason}`;
  return new Passing(
    found,
    `check that the NFS server runs on ${server} and that its firewall lets port ${port} through`,
    false,
  );
}

/**
 * The newest version that may still do better after a failure. A path that version 4 does not know, in whatever
 * minor version, may exist in version 3, whose paths do not begin at the export with fsid=0 (exports(5)) - unless
 * version 4 has shown with another directory of that server that its paths are the ones in use.
 */
function nextToTry(error: unknown, version: string, version4Paths: boolean): number {
  const code = errorCode(error) ?? "";
  if (code === "ENOENT") return version4Paths ? 0 : 3;
  return ["EPROTONOSUPPORT", "EINVAL", "EPROTO", "EOPNOTSUPP", "ENOTSUP"].includes(code)
    ? Number(version)
    : 0;
}
