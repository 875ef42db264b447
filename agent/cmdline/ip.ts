import { isHostIpv4 } from "../network/addresses.ts";
import type { IpMethod } from "./options.ts";
import {
  BadValue,
  isHostName,
  isIPv4,
  readAddress,
  readInterfaceName,
  readMac,
  splitOutsideBrackets,
} from "./values.ts";

/**
 * `ip=` in the three forms of dracut.cmdline(7):
 * - `METHOD`
 * - `INTERFACE:METHOD[:[MTU][:MAC]]`
 * - `ADDRESS:[PEER]:GATEWAY:NETMASK:HOSTNAME:INTERFACE:METHOD[:[MTU][:MAC]]`, or `[:[DNS1][:DNS2]]` at its end.
 *
 * IPv6 addresses are in brackets. PEER is read over: in the kernel's own `ip=` it is the boot server.
 */
export function readIp(text: string): IpMethod {
  const fields = splitOutsideBrackets(text, ":");
  const [first = "", second] = fields;
  if (second === undefined) return { kind: readMethod(first) };
  if (first === "" || isAddress(first)) return readLongForm(fields);
  const name = readInterfaceName(first);
  if (readMethod(second) === "none") throw new BadValue(`"${second}" needs no interface`, "write ip=none");
  return { kind: "dhcp", interface: name, ...readMtuAndMac(fields.slice(2)) };
}

function readLongForm(fields: readonly string[]): IpMethod {
  const [address = "", , gateway = "", netmask = "", hostname = "", name = "", word = "", ...tail] = fields;
  const method = word === "" ? (address === "" ? "dhcp" : "none") : readMethod(word);
  const on = name === "" ? {} : { interface: readInterfaceName(name) };
  const isDns = tail.some((field) => field !== "" && isAddress(field));
  const extra = isDns ? {} : readMtuAndMac(tail);
  const nameservers = isDns ? tail.filter((field) => field !== "").map(readAddress) : [];
  if (hostname !== "" && !isHostName(hostname)) throw new BadValue(`"${hostname}" is no host name`);
  const named = hostname === "" ? {} : { hostname };
  if (method === "dhcp") {
    return { kind: "dhcp", ...on, ...named, ...(nameservers.length > 0 && { nameservers }), ...extra };
  }
  if (address === "") {
    if (name === "") return { kind: "none" };
    throw new BadValue("the address is missing", "give an address, or dhcp for none");
  }
  return {
    kind: "static",
    ...on,
    address: readOwnAddress(address),
    prefix: readPrefix(netmask, readAddress(address)),
    ...(gateway === "" ? {} : { gateway: readGateway(gateway, address) }),
    ...named,
    nameservers,
    ...extra,
  };
}

/** One that a node can have: the kernel takes the others too, and then nothing answers. */
function readOwnAddress(text: string): string {
  const address = readAddress(text);
  const fit = isIPv4(address) ? isHostIpv4(address) : !/^(?:[0:]+[01]?$|ff..:)/i.test(address);
  if (!fit) throw new BadValue(`${address} is no address that a node can have`);
  return address;
}

/** What the agent does not speak is refused by name: to go on with DHCP would configure another network. */
function readMethod(word: string): "dhcp" | "none" {
  switch (word) {
    case "dhcp":
    case "on":
    case "any":
    case "single-dhcp":
      return "dhcp";
    case "none":
    case "off":
      return "none";
    case "dhcp6":
    case "auto6":
    case "either6":
    case "link6":
    case "ibft":
      throw new BadValue(`"${word}" is not supported`, "use dhcp, or a static IPv6 address in brackets");
    default:
      throw new BadValue(`"${word}" is no way to configure an interface`);
  }
}

function readMtuAndMac([mtu = "", ...mac]: readonly string[]): { mtu?: number; mac?: string } {
  const read: { mtu?: number; mac?: string } = {};
  if (mtu !== "") {
    // 68 is the least that IPv4 allows (RFC 791), 65535 the most an interface has.
    if (!/^\d{2,5}$/.test(mtu) || Number(mtu) < 68 || Number(mtu) > 65535) {
      throw new BadValue(`"${mtu}" is no MTU from 68 to 65535`);
    }
    read.mtu = Number(mtu);
  }
  if (mac.join("") !== "") read.mac = readMac(mac.join(":"));
  return read;
}

/** The netmask as a length: `24`, `255.255.255.0`, for IPv6 `64`. */
function readPrefix(mask: string, address: string): number {
  const longest = isIPv4(address) ? 32 : 128;
  if (mask === "") throw new BadValue(`the netmask of ${address} is missing`);
  if (/^\d{1,3}$/.test(mask) && Number(mask) <= longest) return Number(mask);
  if (longest === 32 && isIPv4(mask)) {
    const bits = mask.split(".").map((octet) => Number(octet).toString(2).padStart(8, "0"));
    const ones = bits.join("").indexOf("0");
    const length = ones < 0 ? 32 : ones;
    if (!bits.join("").slice(length).includes("1")) return length;
  }
  throw new BadValue(`"${mask}" is no netmask for ${address}`);
}

function readGateway(text: string, address: string): string {
  const gateway = readAddress(text);
  if (isIPv4(gateway) !== isIPv4(address)) {
    throw new BadValue(`the gateway ${gateway} and the address ${address} are of different families`);
  }
  return gateway;
}

function isAddress(field: string): boolean {
  return isIPv4(field) || field.startsWith("[");
}
