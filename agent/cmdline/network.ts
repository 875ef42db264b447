import { readIp } from "./ip.ts";
import type { NetworkOptions } from "./options.ts";
import type { ParameterReader } from "./reader.ts";
import { BadValue, readAddress, readInterfaceName, readMac } from "./values.ts";

/** Which interface to bring up, and how. */
export function readNetwork(reader: ParameterReader): NetworkOptions {
  // Empty where the boot loader had nothing to put there, so the last one that says something.
  const bootif = reader.parameters.findLast((p) => p.name === "BOOTIF" && p.value)?.value;
  const bootMac = bootif === undefined ? undefined : reader.attempt("BOOTIF", bootif, readBootif);
  const netdev = reader.read("netdev", readNetdev);
  return {
    ...(bootMac !== undefined && { bootMac }),
    ...(netdev !== undefined && { netdev }),
    rename: reader.readEach("ifname", readRename),
    ip: reader.read("ip", readIp) ?? { kind: "dhcp" },
    nameservers: reader.readEach("nameserver", readAddress),
  };
}

/** pxelinux puts the hardware type before the address, 01 for Ethernet; iPXE and xCAT do not. */
function readBootif(text: string): string {
  return readMac(/^[0-9a-f]{2}[-:](?:[0-9a-f]{2}[-:]?){6}$/i.test(text) ? text.slice(3) : text);
}

function readNetdev(text: string): string {
  return /[:-].*[:-]/.test(text) ? readMac(text) : readInterfaceName(text);
}

function readRename(text: string): { name: string; mac: string } {
  const colon = text.indexOf(":");
  if (colon < 0) throw new BadValue("the MAC address is missing");
  return { name: readInterfaceName(text.slice(0, colon)), mac: readMac(text.slice(colon + 1)) };
}
