import { promises as fs } from "node:fs";
import type { BootOptions } from "../cmdline/options.ts";
import type { Phase } from "../context.ts";
import { linuxModules, loadForHardware, loadModules, type ModuleSystem } from "../kernel/modules.ts";
import type { Log } from "../log.ts";
import { bringUp, type Network } from "../network/bring-up.ts";
import { linuxNetwork } from "../network/linux.ts";
import { nodeName } from "../network/node-name.ts";
import { Resolver } from "../network/resolver.ts";
import type { Connected, Parsed } from "../state.ts";
import { startRemoteLog } from "../syslog/start.ts";
import type { Watchdog } from "../watchdog/watchdog.ts";

/** No device asks for these, but the boot does: NFS (version 3 only where it is tried), and packet sockets for DHCP. */
const NFS_MODULES = ["nfsv4"];
const DHCP_MODULES = ["af_packet"];

/** Drivers for the hardware that is there, one interface with an address, and the node's name. */
export const startNetwork: Phase<Parsed, Connected> = {
  name: "network",
  async run({ options }, { log, report, remoteLog, threads, monitor, watchdog }) {
    // NFS needs no hardware and takes the longest to start: on a thread, beside all that the network waits for.
    const modules = linuxModules(threads.calls.insertModule);
    const [nfs, network] = await Promise.all([
      loadModules(NFS_MODULES, modules),
      connect(options, modules, log, watchdog),
    ]);
    log.detail(`modules for NFS: ${nfs.loaded.join(" ") || "none loaded"}`);
    const { nameservers, search } = network;
    const names = new Resolver({ nameservers, search, timeout: options.settings.dnsTimeout, log });
    const node = await nodeName(options.node, network.hostname, () => names.reverse(network.address));
    report.identify({ node });
    monitor.begin(options, names);
    startRemoteLog(options, node ?? network.address, names, remoteLog);
    // The real system keeps a name that is set already, unless its /etc/hostname has another (hostname(7)).
    if (node !== undefined) await fs.writeFile("/proc/sys/kernel/hostname", node);
    log.say(
      `network: ${network.interface} ${network.address}/${network.prefix}, node ${node ?? "without a name"}`,
    );
    return { options, network, names, node, modules };
  },
};

async function connect(
  { network, settings }: BootOptions,
  modules: ModuleSystem,
  log: Log,
  watchdog: Watchdog,
): Promise<Network> {
  const hardware = await loadForHardware(modules);
  for (const problem of hardware.problems) log.problem(problem);
  if (settings.watchdog === "soft" && !watchdog.present) await loadModules(["softdog"], modules);
  watchdog.begin(settings.watchdog);
  const dhcp = await loadModules(DHCP_MODULES, modules);
  log.detail(`modules: ${[...hardware.loaded, ...dhcp.loaded].join(" ") || "none loaded"}`);
  return bringUp(network, settings, linuxNetwork(log));
}
