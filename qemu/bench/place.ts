import { readFileSync } from "node:fs";
import { BenchError } from "../problem.ts";
import { tied } from "../tied.ts";
import { within } from "../time.ts";

/**
 * Where the processes of a bench run. All of them end with it, and it ends with this process, however that
 * happens: the kernel sees to it, not a handler.
 */
export interface Place {
  readonly kind: "namespace" | "host";
  /** Starts a program there. Paths must be absolute: the working directory is not kept. */
  spawn(argv: readonly string[], stdio: Stdio): Resident;
  /** TCP ports that something there is listening on. */
  listening(): Set<number>;
  close(): Promise<void>;
}

/** Standard streams of a program: a file descriptor to append to, or a pipe to this process. */
export interface Stdio {
  readonly stdin: "ignore" | "pipe";
  readonly stdout: number | "pipe";
  readonly stderr: number | "pipe";
}

/** A program that runs in a place. */
export interface Resident {
  readonly process: Bun.Subprocess<"ignore" | "pipe", number | "pipe", number | "pipe">;
  /** Sends a signal to the program itself, not to what brought it into the namespace. */
  signal(name: NodeJS.Signals): void;
}

/**
 * A network, mount and process namespace of its own, without names that could clash: it is reached through the
 * process that holds it. `/run` and `/var/lib/nfs` are private, so that rpcbind and the NFS server meet nobody else's.
 *
 * The holder is the first process of the process namespace (pid_namespaces(7)): the kernel kills all others with
 * it, and then nothing holds the network and the mounts any more. It ends when its standard input does, that is with
 * this process.
 */
export async function openNamespace(): Promise<Place> {
  const script = [
    "ip link set lo up",
    "mount -t tmpfs -o mode=755,size=64m bench /run",
    "mkdir -p /run/rpcbind /run/ganesha",
    "{ [ ! -d /var/lib/nfs ] || mount -t tmpfs -o mode=755,size=64m bench /var/lib/nfs; }",
    "echo ready",
    "read -r _",
  ].join(" && ");
  const flags = [
    "--net",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "--propagation",
    "private",
  ];
  const holder = Bun.spawn(["unshare", ...flags, "sh", "-c", script], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const first = await within(holder.stdout.getReader().read(), 20, "make namespaces for a bench");
  if (first.value === undefined) {
    throw new BenchError({
      doing: "make namespaces for a bench",
      on: `unshare ${flags.join(" ")}`,
      found: (await new Response(holder.stderr).text()).trim() || `exit status ${await holder.exited}`,
      remedy: "run as root, outside a container that forbids namespaces; or ask for the bench's user network",
    });
  }
  const init = childOf(holder.pid);
  if (init === undefined) throw lost("the holder of the bench's namespaces");
  // With its root, too: where all of this runs in a chroot, the mount namespace's own root is another one.
  const enter = ["nsenter", "--target", String(init), "--net", "--mount", "--pid", "--root", "--wd", "--"];
  const spawned = new Set<Bun.Subprocess>();
  return {
    kind: "namespace",
    spawn(argv, stdio) {
      const process = Bun.spawn([...enter, ...argv], {
        stdin: stdio.stdin,
        stdout: stdio.stdout,
        stderr: stdio.stderr,
      });
      spawned.add(process);
      void process.exited.then(() => spawned.delete(process));
      return { process, signal: (name) => signalChild(process, name) };
    },
    listening: () => listeningPorts(`/proc/${init}/net`),
    async close() {
      // The first process of the namespace, not the one that waits for it: that ends once all the others are gone.
      signalChild(holder, "SIGKILL");
      // nsenter stops with its program, and would then never take note of its end.
      for (const process of spawned) process.kill("SIGCONT");
      await within(holder.exited, 20, "end a bench's namespaces");
    },
  };
}

/** The host itself, for where namespaces cannot be made. Programs are tied to this process by PR_SET_PDEATHSIG (prctl(2)). */
export function openHost(): Place {
  const residents: Resident[] = [];
  return {
    kind: "host",
    spawn(argv, stdio) {
      const process = Bun.spawn(tied("KILL", argv), {
        stdin: stdio.stdin,
        stdout: stdio.stdout,
        stderr: stdio.stderr,
        cwd: "/",
      });
      const resident: Resident = { process, signal: (name) => process.kill(name) };
      residents.push(resident);
      return resident;
    },
    listening: () => listeningPorts("/proc/self/net"),
    async close() {
      for (const resident of residents) resident.process.kill("SIGKILL");
      await within(Promise.all(residents.map((r) => r.process.exited)), 20, "end a bench's programs");
    },
  };
}

/** Ports in state LISTEN in the texts of /proc/net/tcp and tcp6 (proc_pid_net(5)). */
export function parseListening(table: string): number[] {
  return table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === "0A")
    .map((fields) => Number.parseInt(fields[1]?.split(":").at(-1) ?? "", 16))
    .filter((port) => Number.isInteger(port));
}

function listeningPorts(directory: string): Set<number> {
  const ports = new Set<number>();
  for (const file of ["tcp", "tcp6"]) {
    try {
      for (const port of parseListening(readFileSync(`${directory}/${file}`, "latin1"))) ports.add(port);
    } catch {
      // No IPv6 on this host, or the place is gone: then nothing listens there.
    }
  }
  return ports;
}

/** nsenter forks to enter a process namespace: its only child is the program. */
function signalChild(process: Bun.Subprocess, name: NodeJS.Signals): void {
  const child = childOf(process.pid);
  try {
    if (child === undefined) process.kill(name);
    else globalThis.process.kill(child, name);
    // nsenter has stopped with it.
    if (name === "SIGCONT") process.kill(name);
  } catch {
    // ESRCH: it ended between the look and the signal, which is what was wanted.
  }
}

function childOf(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim();
    return children === "" ? undefined : Number.parseInt(children, 10);
  } catch {
    return undefined;
  }
}

function lost(what: string): BenchError {
  return new BenchError({
    doing: "find the child of a process",
    on: what,
    found: "it has none, or the kernel keeps no /proc/PID/task/TID/children",
    remedy: "use a kernel with CONFIG_PROC_CHILDREN, as Debian's has",
  });
}
