import type { Phase } from "../context.ts";
import { loadForHardware, loadModules } from "../kernel/modules.ts";
import { bringUp } from "../network/bring-up.ts";
import { linuxNetwork } from "../network/linux.ts";
import { nodeName } from "../network/node-name.ts";
import { Resolver } from "../network/resolver.ts";
import type { Connected, Parsed } from "../state.ts";

/** What the kernel cannot know that this boot needs: NFS itself, and packet sockets for DHCP. */
const NEEDED_MODULES = ["af_packet", "nfsv4", "nfsv3"];

/** Drivers for the hardware that is there, one interface with an address, and the node's name. */
export const startNetwork: Phase<Parsed, Connected> = {
  name: "network",
  async run({ options }, { log, report, threads }) {
    const hardware = await loadForHardware();
    for (const problem of hardware.problems) log.problem(problem);
    const needed = await loadModules(NEEDED_MODULES);
    log.detail(`modules: ${[...hardware.loaded, ...needed.loaded].join(" ") || "none loaded"}`);
    threads.warmUp(); // While DHCP waits, the thread that mounts can start.
    const network = await bringUp(options.network, options.settings, linuxNetwork(log));
    const { nameservers, search } = network;
    const names = new Resolver({ nameservers, search, timeout: options.settings.dnsTimeout, log });
    const node = await nodeName(options.node, network.hostname, () => names.reverse(network.address));
    report.identify({ node });
    log.say(
      `network: ${network.interface} ${network.address}/${network.prefix}, node ${node ?? "without a name"}`,
    );
    return { options, network, names, node };
  },
};
