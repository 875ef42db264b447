/** A network card: on a tap of the bench's bridge, or on QEMU's own user network, which needs no privilege. */
export type NetworkCard =
  | { readonly kind: "tap"; readonly mac: string; readonly tap: string }
  | { readonly kind: "user"; readonly mac: string; readonly hostname: string; readonly domain: string };

export type Accelerator = "kvm" | "tcg";

/** What a machine is started from. */
export type BootMedium =
  | {
      readonly kind: "kernel";
      /** Path of a bzImage. */
      readonly kernel: string;
      readonly initrd: string;
      /** The kernel's parameters, each one word of the command line as it is to be quoted. */
      readonly parameters: readonly string[];
    }
  /** Its first network card, by the iPXE in the card's option ROM. */
  | { readonly kind: "network" };

/** A machine as a value: all that QEMU is told about it. */
export interface MachineSpec {
  readonly name: string;
  readonly accelerator: Accelerator;
  readonly processors: number;
  /**
   * Emulated processors run side by side, each on a thread of its own: faster, and for what is timed. In QEMU 7.2 a
   * processor may then go round for ever in code that another one was just rewriting, as the kernel does with its static
   * keys: one boot in a thousand or so hangs early. Otherwise they take turns on one thread.
   */
  readonly parallel?: boolean;
  /** MiB. */
  readonly memory: number;
  readonly medium: BootMedium;
  readonly cards: readonly NetworkCard[];
  /** Files with the bytes of its disks, in order: /dev/vda, /dev/vdb and so on. */
  readonly disks: readonly string[];
  /** What its clock shows when it is switched on, in UTC: `1970-01-01T00:00:00`. This host's time where not given. */
  readonly clock?: string;
  /** A socket to be made, at which QEMU takes commands (QMP); none where not given. */
  readonly control?: string;
  /** Where what the guest writes to its report port goes. */
  readonly reportFile: string;
}

/** The name of the virtio-serial port for reports: `/dev/virtio-ports/<name>` where udev runs. */
export const REPORT_PORT = "statelite.report";

/** QEMU's arguments for a machine, the program's name first (qemu-system-x86_64(1)). The console is on standard input and output. */
export function qemuArguments(machine: MachineSpec): string[] {
  const emulation = `tcg,thread=${machine.parallel === true ? "multi" : "single"}`;
  return [
    "qemu-system-x86_64",
    ...["-name", machine.name],
    // No default devices: a statement of what the machine has is all it has.
    ...["-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35"],
    ...["-accel", machine.accelerator === "kvm" ? "kvm" : emulation],
    // Bun's baseline wants more than QEMU's default processor has: every extension the accelerator knows.
    ...["-cpu", "max"],
    ...["-smp", String(machine.processors), "-m", String(machine.memory)],
    // A guest that resets itself is at its end, and the bench learns it from QEMU's exit.
    "-no-reboot",
    ...mediumArguments(machine.medium),
    ...(machine.clock === undefined ? [] : ["-rtc", `base=${machine.clock}`]),
    ...(machine.control === undefined
      ? []
      : ["-qmp", `unix:${escapeComma(machine.control)},server=on,wait=off`]),
    ...["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"],
    ...["-device", "virtio-serial-pci"],
    ...["-chardev", `file,id=report,path=${escapeComma(machine.reportFile)}`],
    ...["-device", `virtserialport,chardev=report,name=${REPORT_PORT}`],
    ...machine.cards.flatMap((card, index) => cardArguments(card, index, machine.medium)),
    ...machine.disks.flatMap(diskArguments),
  ];
}

function mediumArguments(medium: BootMedium): string[] {
  if (medium.kind === "network") return [];
  return ["-kernel", medium.kernel, "-initrd", medium.initrd, "-append", medium.parameters.join(" ")];
}

function cardArguments(card: NetworkCard, index: number, medium: BootMedium): string[] {
  const id = `net${index}`;
  // Without the option ROM the firmware does not try to boot from the network first.
  const rom = medium.kind === "network" && index === 0 ? "bootindex=0" : "romfile=";
  const device = ["-device", `virtio-net-pci,netdev=${id},mac=${card.mac},${rom}`];
  switch (card.kind) {
    case "tap":
      return ["-netdev", `tap,id=${id},ifname=${card.tap},script=no,downscript=no`, ...device];
    case "user":
      return ["-netdev", `user,id=${id},hostname=${card.hostname},domainname=${card.domain}`, ...device];
    default:
      return card satisfies never;
  }
}

function diskArguments(path: string, index: number): string[] {
  const id = `disk${index}`;
  const drive = `if=none,id=${id},format=raw,file=${escapeComma(path)}`;
  return ["-drive", drive, "-device", `virtio-blk-pci,drive=${id}`];
}

/** QEMU's option syntax ends a value at a comma unless it is doubled. */
function escapeComma(value: string): string {
  return value.replaceAll(",", ",,");
}
