import { cpSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DebianKernel } from "../../initramfs/kernel.ts";
import { run } from "../command.ts";
import { built, project } from "../paths.ts";
import { buildImage } from "./build.ts";
import type { ImageDefinition } from "./definition.ts";

/** Other programs that make initrds, each with the agent in it. */
export type InitrdMaker = "dracut" | "initramfs-tools";

/** A system that has both of them, to run them in. */
const makerImage: ImageDefinition = {
  packages: [
    ...["dracut-core", "dracut-network", "initramfs-tools-core", "nfs-common", "busybox", "cpio", "zstd"],
    ...["kmod", "udev", "systemd", "iproute2", "isc-dhcp-client", "procps", "iputils-arping"],
  ],
  // The bench's report port is no part of what these programs look for.
  customise: `
set -eu
echo virtio_console >>"$1/etc/initramfs-tools/modules"
sed -i 's/^MODULES=.*/MODULES=netboot/; s/^COMPRESS=.*/COMPRESS=zstd/' "$1/etc/initramfs-tools/initramfs.conf"
rm -rf "$1/var/lib/apt" "$1/var/cache/apt"
`,
};

const COMMANDS: Readonly<Record<InitrdMaker, (release: string) => string>> = {
  dracut: (release) =>
    "dracut --force --no-hostonly --no-hostonly-cmdline --zstd --force-drivers virtio_console " +
    `--add "network-legacy statelite" --kver ${release} /boot/initrd`,
  "initramfs-tools": (release) => `mkinitramfs -o /boot/initrd ${release}`,
};

/**
 * Makes an initrd as an administrator would who keeps to the distribution's own program: the agent, the CA and the
 * files of `initramfs/` put where the README says, then the program run.
 *
 * @param folder of its own; a copy of the system is left there
 * @returns the initrd
 */
export async function makeInitrd(
  maker: InitrdMaker,
  { version, vmlinuz, modulesDir }: DebianKernel,
  ca: string,
  folder: string,
): Promise<string> {
  const system = await buildImage(makerImage);
  const root = join(folder, "system");
  await run(["cp", "-a", "--reflink=auto", system, root], { seconds: 120 });
  const put = (from: string, to: string) => cpSync(from, join(root, to), { recursive: true });
  put(built.agent, "usr/lib/statelite/statelite-agent");
  put(ca, "usr/lib/statelite/ca.pem");
  put(join(project, "initramfs/dracut"), "usr/lib/dracut/modules.d");
  put(join(project, "initramfs/initramfs-tools"), "etc/initramfs-tools");
  put(modulesDir, join("usr/lib/modules", version));
  put(join(dirname(vmlinuz), `config-${version}`), join("boot", `config-${version}`));
  const script = [
    `mount --rbind /dev ${root}/dev`,
    `mount -t proc proc ${root}/proc`,
    `mount -t tmpfs run ${root}/run`,
    `chroot ${root} sh -c '${COMMANDS[maker](version)}'`,
  ];
  // What is mounted goes with the namespace.
  await run(["unshare", "--mount", "--propagation", "private", "sh", "-e", "-c", script.join("\n")], {
    seconds: 300,
  });
  return join(root, "boot/initrd");
}
