import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { promises as fs } from "node:fs";
import type { Readable } from "node:stream";
import { BootError } from "../errors.ts";
import type { Log } from "../log.ts";
import { parseMountInfo } from "../observe/mountinfo.ts";
import { diskProblem } from "./plan.ts";

export interface ScriptRequest {
  readonly text: string;
  /** Where the root is mounted, and where in it the script is to mount the local space. */
  readonly root: string;
  readonly localSpace: string;
  readonly node?: string;
  /** Then it is killed, with all that it started. */
  readonly seconds: number;
}

/** In the initramfs, for whoever wants to read it after a failure. */
const FILE = "/run/statelite/partition-script";

const MAX_LINES = 10_000;
const MAX_LINE = 500;

/**
 * Runs a partition file of `type=script` by the initrd's busybox, its output into the log.
 * @returns whether something is mounted on the local space's place afterwards
 * @throws BootError where it fails, or takes too long
 */
export async function runScript(request: ScriptRequest, log: Log, file = FILE): Promise<boolean> {
  const { text, root, localSpace, node, seconds } = request;
  await fs.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
  await fs.writeFile(file, text, { mode: 0o700 });
  log.say(`run the partition file's script (${text.length} bytes), for at most ${seconds} s`);
  const child = spawn("/bin/busybox", ["sh", file], {
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that what it starts ends with it.
    detached: true,
    env: {
      ...{ PATH: "/bin:/sbin", HOME: "/", STATELITE_ROOT: root, STATELITE_LOCALMNT: localSpace },
      ...(node !== undefined && { NODE: node }),
    },
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(child);
  }, seconds * 1000);
  const listening = [child.stdout, child.stderr].map((stream) => follow(stream, log));
  try {
    const [status, signal] = await once(child, "exit");
    // A grandchild may hold the pipe open for longer; it is not waited for.
    await Promise.race([Promise.all(listening), Bun.sleep(200)]);
    if (status !== 0 && late) throw failed(`it was killed after ${seconds} s`);
    if (status !== 0)
      throw failed(status === null ? `${String(signal)} has ended it` : `it ended with status ${status}`);
  } finally {
    clearTimeout(timer);
    killGroup(child);
  }
  const mounts = parseMountInfo(await fs.readFile("/proc/self/mountinfo", "utf8"));
  return mounts.some((mount) => mount.mountPoint === localSpace);
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody of that group is left.
  }
}

/** Lines as they come; of what is too long or too many, the beginning. */
async function follow(stream: Readable, log: Log): Promise<void> {
  const decoder = new TextDecoder();
  let lines = 0;
  let open = "";
  const say = (line: string) => {
    lines++;
    if (lines <= MAX_LINES) log.say(`partition script: ${line.slice(0, MAX_LINE)}`);
    if (lines === MAX_LINES) log.say("partition script: more lines, which are left out");
  };
  for await (const chunk of stream) {
    const [first = "", ...others] = decoder.decode(chunk as Buffer, { stream: true }).split("\n");
    const last = others.pop();
    if (last === undefined) {
      open = (open + first).slice(0, MAX_LINE);
      continue;
    }
    for (const line of [open + first, ...others]) say(line);
    open = last;
  }
  if (open !== "") say(open);
}

function failed(found: string): BootError {
  const remedy = "read its output in the lines above, or in statelite.log; correct the script on the server";
  return new BootError([
    { ...diskProblem("the script of the partition file", found, remedy), code: "local-disk-script" },
  ]);
}
