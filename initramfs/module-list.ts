/**
 * The kernel modules of an initrd, by name. What they need in turn is found in the kernel's own
 * modules.dep; a name that is built into the kernel counts as there.
 *
 * Left out on purpose: auth_rpcgss and rpcsec_gss_krb5. With them the kernel tries Kerberos for the state
 * of an NFSv4 server before AUTH_SYS and waits for a gssd that no initrd has. xfs and vfat: large, or for
 * disks that a diskless node does not boot from; `--module xfs` takes it.
 */

/** Without these a node does not boot, or one of the README's parameters does not work. */
export const REQUIRED_MODULES: readonly string[] = [
  "virtio_pci",
  "virtio_net",
  "virtio_blk",
  "virtio_console",
  // DHCP reads packets before the interface has an address.
  "af_packet",
  "nfs",
  "nfsv3",
  "nfsv4",
  // Version 4 asks it for the addresses of referrals; nfsv4 does not load without it.
  "dns_resolver",
  "overlay",
  "squashfs",
  "loop",
  "ext4",
];

/** Taken where this kernel has them. */
export const OPTIONAL_MODULES: readonly string[] = [
  // Network: the cookbooks' genimage list, and what came after it.
  ...["tg3", "bnx2", "bnx2x", "bnxt_en", "be2net", "mlx4_en", "mlx5_core", "qede", "cxgb4", "sfc"],
  ...["e1000", "e1000e", "igb", "igc", "ixgbe", "i40e", "ice", "r8169", "atlantic", "ionic"],
  ...["ibmveth", "ehea", "vmxnet3", "ena", "gve", "hv_netvsc", "8021q", "bonding"],
  // NFSv4.1 servers that hand out layouts (pNFS).
  ...["nfs_layout_nfsv41_files", "nfs_layout_flexfiles"],
  // Local disks.
  ...["virtio_scsi", "sd_mod", "ahci", "ata_piix", "nvme", "megaraid_sas", "mpt3sas", "vmw_pvscsi"],
  // Entropy before the first TLS connection of a virtual machine.
  "virtio_rng",
  // Watchdogs: a node that hangs before its init reboots.
  ...["softdog", "i6300esb", "iTCO_wdt"],
  // A slow network, for measurements.
  "sch_netem",
];
