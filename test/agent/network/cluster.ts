import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { INITRD_PATHS } from "../../../agent/network/linux.ts";
import { tied } from "../../../qemu/tied.ts";
import type { Job, Outcome } from "./in-namespace.ts";

/**
 * A management node and a compute node as two network namespaces, with three cables between them:
 * - `eth0`: unplugged at the other end
 * - `eth1`: dnsmasq at the other end, DHCP and DNS, 10.9.0.1/24 and fd00:9::1/64
 * - `eth2`: nobody listens at the other end
 */
export class Cluster {
  readonly #server = `sl-net-server-${process.pid}`;
  readonly #node = `sl-net-node-${process.pid}`;
  readonly #folder = mkdtempSync("/tmp/statelite-net-");
  #dnsmasq: Bun.Subprocess<"ignore", "ignore", "pipe"> | undefined;

  readonly resolvConf = join(this.#folder, "resolv.conf");
  readonly macs = { eth0: "52:54:00:09:00:00", eth1: "52:54:00:09:00:01", eth2: "52:54:00:09:00:02" };

  /** `hosts` in the form of /etc/hosts; the node gets 10.9.0.17 and the name n17. */
  async start(hosts: string, dnsmasqOptions: readonly string[]): Promise<void> {
    for (const name of [this.#server, this.#node]) await command("ip", "netns", "add", name);
    for (const [name, mac] of Object.entries(this.macs)) {
      const peer = ["peer", "name", `to-${name}`, "netns", this.#server];
      await command("ip", "link", "add", name, "netns", this.#node, "address", mac, "type", "veth", ...peer);
    }
    await command("ip", "-n", this.#server, "link", "set", "lo", "up");
    await command("ip", "-n", this.#server, "addr", "add", "10.9.0.1/24", "dev", "to-eth1");
    await command("ip", "-n", this.#server, "addr", "add", "fd00:9::1/64", "dev", "to-eth1", "nodad");
    for (const name of ["to-eth1", "to-eth2"]) {
      await command("ip", "-n", this.#server, "link", "set", name, "up");
    }
    const hostsFile = join(this.#folder, "hosts");
    writeFileSync(hostsFile, hosts);
    const options = [
      "--no-daemon",
      "--user=root",
      "--pid-file=",
      "--conf-file=/dev/null",
      "--no-hosts",
      "--no-resolv",
      `--addn-hosts=${hostsFile}`,
      "--interface=to-eth1",
      "--bind-interfaces",
      "--no-ping",
      "--dhcp-authoritative",
      `--dhcp-leasefile=${join(this.#folder, "leases")}`,
      "--dhcp-range=10.9.0.100,10.9.0.150,255.255.255.0,1h",
      `--dhcp-host=${this.macs.eth1},10.9.0.17,n17`,
      ...dnsmasqOptions,
    ];
    // It ends with this process, also where that is killed.
    const argv = ["ip", "netns", "exec", this.#server, ...tied("KILL", ["dnsmasq", ...options])];
    this.#dnsmasq = Bun.spawn(argv, { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
    await started(this.#dnsmasq.stderr);
  }

  async stop(): Promise<void> {
    this.#dnsmasq?.kill("SIGKILL");
    await this.#dnsmasq?.exited;
    for (const name of [this.#server, this.#node]) await command("ip", "netns", "del", name);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Brings up the network of the node, with the files of the initrd in places of their own. */
  bringUp(job: Omit<Job & { kind: "bring-up" }, "kind" | "paths">): Promise<Outcome> {
    const script = new URL("../../../initramfs/files/udhcpc.script", import.meta.url).pathname;
    const work = join(this.#folder, "work");
    const paths = { busybox: INITRD_PATHS.busybox, dhcpScript: script, resolvConf: this.resolvConf, work };
    return this.#run({ kind: "bring-up", ...job, paths });
  }

  resolve(job: Omit<Job & { kind: "resolve" }, "kind">): Promise<Outcome> {
    return this.#run({ kind: "resolve", ...job });
  }

  /** What `ip -json` says on the node. */
  async ip(...args: readonly string[]): Promise<unknown> {
    return JSON.parse(await command("ip", "-n", this.#node, "-json", ...args));
  }

  /** Processes that are in the node's namespace. */
  async processes(): Promise<string> {
    return command("ip", "netns", "pids", this.#node);
  }

  async #run(job: Job): Promise<Outcome> {
    const program = new URL("./in-namespace.ts", import.meta.url).pathname;
    return JSON.parse(
      await command("ip", "netns", "exec", this.#node, process.execPath, program, JSON.stringify(job)),
    );
  }
}

async function command(...argv: readonly string[]): Promise<string> {
  const child = Bun.spawn([...argv], { stdin: "ignore", stdout: "pipe", stderr: "pipe", timeout: 20_000 });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(`${argv.join(" ")} (needs root): ${err || out}`);
  return out;
}

/** dnsmasq has bound its sockets when it says so; what it says later is read and forgotten. */
async function started(output: ReadableStream<Uint8Array>): Promise<void> {
  const reader = output.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes(": started")) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`dnsmasq did not start: ${text}`);
    text += decoder.decode(value, { stream: true });
  }
  void (async () => {
    while (!(await reader.read()).done);
  })();
}
