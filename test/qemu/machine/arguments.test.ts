import { expect, test } from "bun:test";
import { type MachineSpec, qemuArguments } from "../../../qemu/machine/arguments.ts";

const spec: MachineSpec = {
  name: "n01",
  accelerator: "tcg",
  processors: 2,
  memory: 1024,
  medium: { kind: "kernel", kernel: "/k", initrd: "/i", parameters: ["a=1", 'b="2 3"'] },
  cards: [],
  disks: [],
  reportFile: "/tmp/a,b",
};

test.each<[string, Partial<MachineSpec>, string]>([
  ["emulated processors take turns", {}, "-accel tcg,thread=single"],
  ["emulated processors side by side", { parallel: true }, "-accel tcg,thread=multi"],
  ["KVM where it works", { accelerator: "kvm" }, "-accel kvm"],
  ["every extension of the processor, as Bun needs AVX2", {}, "-cpu max"],
  ["a reset ends the machine", {}, "-no-reboot"],
  ["the command line is one argument", {}, '-append a=1 b="2 3"'],
  ["a comma in a path is doubled", {}, "-chardev file,id=report,path=/tmp/a,,b"],
  [
    "disks, the first one /dev/vda",
    { disks: ["/a,b", "/c"] },
    "-drive if=none,id=disk0,format=raw,file=/a,,b -device virtio-blk-pci,drive=disk0 " +
      "-drive if=none,id=disk1,format=raw,file=/c -device virtio-blk-pci,drive=disk1",
  ],
  [
    "a tap",
    { cards: [{ kind: "tap", mac: "52:54:00:00:00:0b", tap: "tap-n01" }] },
    "-netdev tap,id=net0,ifname=tap-n01,script=no,downscript=no -device virtio-net-pci,netdev=net0,mac=52:54:00:00:00:0b,romfile=",
  ],
  [
    "the network alone: the first card's ROM is there, and is started first",
    { medium: { kind: "network" }, cards: [{ kind: "tap", mac: "52:54:00:00:00:0b", tap: "tap-n01" }] },
    "-no-reboot -chardev stdio,id=console,signal=off -serial chardev:console -device virtio-serial-pci -chardev file,id=report,path=/tmp/a,,b -device virtserialport,chardev=report,name=statelite.report -netdev tap,id=net0,ifname=tap-n01,script=no,downscript=no -device virtio-net-pci,netdev=net0,mac=52:54:00:00:00:0b,bootindex=0",
  ],
  [
    "the user network, with the host name that its DHCP gives",
    { cards: [{ kind: "user", mac: "52:54:00:00:00:0b", hostname: "n01", domain: "cluster.test" }] },
    "-netdev user,id=net0,hostname=n01,domainname=cluster.test",
  ],
])("%s", (_, change, expected) => {
  expect(qemuArguments({ ...spec, ...change }).join(" ")).toContain(expected);
});
