import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { normaliseMac } from "./addresses.ts";
import type { Interface, PciNetworkDevice } from "./interfaces.ts";

/** Network hardware as /sys shows it (Documentation/ABI/testing/sysfs-class-net in the kernel's source). */

/** linux/if_arp.h: what can carry IP and a boot. */
const LINK_TYPES = new Set(["1", "32"]);

/** linux/if.h. */
const IFF = { UP: 0x1, LOOPBACK: 0x8, NOARP: 0x80 };

export function readInterfaces(): readonly Interface[] {
  return entries("/sys/class/net").flatMap((name) => {
    const folder = `/sys/class/net/${name}`;
    const mac = normaliseMac(read(`${folder}/address`));
    const flags = Number(read(`${folder}/flags`));
    // Not an interface at all (`bonding_masters`), or one that is gone meanwhile.
    if (mac === undefined || !Number.isInteger(flags)) return [];
    if (!LINK_TYPES.has(read(`${folder}/type`)) || (flags & (IFF.LOOPBACK | IFF.NOARP)) !== 0) return [];
    const up = (flags & IFF.UP) !== 0;
    const carrier = up && read(`${folder}/carrier`) === "1";
    return [{ name, mac, up, carrier, physical: existsSync(`${folder}/device`) }];
  });
}

export function readPciNetworkDevices(): readonly PciNetworkDevice[] {
  return entries("/sys/bus/pci/devices").flatMap((slot) => {
    const folder = `/sys/bus/pci/devices/${slot}`;
    // Class 02, network controller; the rest of the number is its kind.
    if (!read(`${folder}/class`).startsWith("0x02")) return [];
    const id = `${read(`${folder}/vendor`)}:${read(`${folder}/device`)}`.replaceAll("0x", "");
    const driver = linkName(`${folder}/driver`);
    // A virtio device has its interface one level below, with the device on the virtio bus.
    const hasInterface =
      existsSync(`${folder}/net`) || entries(folder).some((child) => existsSync(`${folder}/${child}/net`));
    const modalias = read(`${folder}/modalias`);
    return [{ slot, id, modalias, hasInterface, ...(driver === undefined ? {} : { driver }) }];
  });
}

/** Empty where it cannot be read: `carrier` is an error while the interface is down. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1").trim();
  } catch {
    return "";
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // No PCI bus, or no network in this kernel.
    return [];
  }
}

function linkName(path: string): string | undefined {
  try {
    return basename(readlinkSync(path));
  } catch {
    return undefined;
  }
}
