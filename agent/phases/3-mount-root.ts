import invariant from "tiny-invariant";
import type { NfsExport } from "../cmdline/options.ts";
import type { BootContext, Phase } from "../context.ts";
import { fatal } from "../errors.ts";
import { MS } from "../kernel/constants.ts";
import { errorReason } from "../kernel/errno.ts";
import { loadModules } from "../kernel/modules.ts";
import { openLogFile } from "../log-file.ts";
import { mountNfs, type NfsContext } from "../mounts/nfs.ts";
import { NfsError } from "../mounts/nfs-failure.ts";
import { NfsServers } from "../mounts/nfs-probe.ts";
import { nfsSources } from "../mounts/sources.ts";
import { mountState } from "../mounts/state.ts";
import { mountVolatile } from "../mounts/volatile.ts";
import { Root } from "../observe/root.ts";
import { joinPath, stateDirectory } from "../plan/layout.ts";
import { mountRamdisk } from "../ramdisk/ramdisk.ts";
import type { Connected, Rooted } from "../state.ts";
import { readTrust } from "../trust.ts";
import type { Trust } from "../xcat/trust.ts";

const SYSROOT = "/sysroot";

/** The image read-only, the agent's tmpfs in it, and the node's own state. */
export const mountRoot: Phase<Connected, Rooted> = {
  name: "mount-root",
  async run(connected, context) {
    const { options, network, names, node, modules } = connected;
    const trust = await readTrust(options.settings.tls);
    const resolve = (host: string) => names.lookup(host);
    context.delivery.begin({ servers: options.servers, trust, resolve, ...(node !== undefined && { node }) });
    let version3: Promise<unknown> | undefined;
    const nfs: NfsContext = {
      calls: context.threads.calls,
      log: context.log,
      servers: new NfsServers(),
      resolve,
      loadVersion: async (major) => {
        if (major === 4) return; // It came up with the network.
        version3 ??= loadModules(["nfsv3"], modules);
        await version3;
      },
      clientAddress: network.address,
    };
    const image = options.root;
    const source =
      image.kind === "ramdisk"
        ? await fillRamdisk(image.url, connected, trust, context)
        : await mountImage(connected, nfs);
    context.report.identify({ image: source });
    const root = new Root(SYSROOT, nfs.calls);
    await mountVolatile(root, nfs.calls);
    context.log.follow(openLogFile(root));
    const ownState = async (state: NfsExport, name: string): Promise<string> => {
      const mounted = await mountState(state, name, root, nfs, options.settings.mountTimeout);
      context.log.say(`state: ${mounted.source} (NFS ${mounted.version}) on ${stateDirectory(name)}`);
      return stateDirectory(name);
    };
    const rooted: Rooted = {
      options,
      names,
      node,
      trust,
      root,
      mountSource: nfsSources(nfs, options.settings.sourceTimeout),
      mountState: ownState,
      loadModules: (wanted) => loadModules(wanted, modules),
    };
    if (options.state === undefined) return rooted;
    if (node === undefined) throw namelessNode(network.address);
    return { ...rooted, state: await ownState(options.state, node) };
  },
};

/** A root in memory, from the image at `imgurl`. */
function fillRamdisk(
  url: string,
  { options, names, modules }: Connected,
  trust: Trust,
  context: BootContext,
) {
  const { calls } = context.threads;
  const limit = options.rootLimit === undefined ? {} : { limit: options.rootLimit };
  return mountRamdisk(
    { url, target: SYSROOT, ...limit, timeout: options.settings.mountTimeout },
    {
      ...{ calls, trust, log: context.log, resolve: (host: string) => names.lookup(host) },
      loadModules: async (wanted) => {
        await loadModules(wanted, modules);
      },
    },
  );
}

async function mountImage({ options }: Connected, nfs: NfsContext): Promise<string> {
  const { root, settings } = options;
  invariant(root.kind === "nfs", "the command line of a boot names an image");
  const { servers, directory, options: words } = root.export;
  const directories = root.appendRootimg ? [joinPath(directory, "rootimg"), directory] : [directory];
  const request = { servers, directories, options: words, target: SYSROOT, flags: MS.RDONLY | MS.NODEV };
  try {
    const mounted = await mountNfs({ ...request, timeout: settings.mountTimeout }, nfs);
    nfs.log.say(`image: ${mounted.source} (NFS ${mounted.version}) on ${SYSROOT}`);
    return mounted.source;
  } catch (error) {
    const remedy = error instanceof NfsError ? error.remedy : "look at the object named";
    const on = `${servers.join(",")}:${directories.join(" or ")}`;
    throw fatal("image-mount", { doing: "mount the image", on, found: errorReason(error), remedy }, error);
  }
}

function namelessNode(address: string) {
  return fatal("node-name", {
    doing: "find the node's name",
    on: address,
    found: "neither NODE= nor DHCP nor the reverse name of its address gives one, and STATEMNT needs one",
    remedy: "put NODE=<name> on the kernel command line (nodeset does), or give the address a reverse name",
  });
}
