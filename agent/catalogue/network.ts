import type { Chapter } from "./entry.ts";

/** From the network card to names. */
export const NETWORK = {
  "network-interface": {
    meaning: "There is no network interface, or not the one that the command line names.",
    cause: "The card's driver is not in the initrd, or `BOOTIF=`, `netdev=` or `ip=` names another card.",
    remedy: "Build the initrd with the module that the message names, or correct the parameter.",
  },
  "network-link": {
    meaning: "No interface had a link in time.",
    cause: "A cable, a switch port that is off, or one that is held back by the spanning tree protocol.",
    remedy: "Check cable and port; set the port to edge mode, or raise `statelite.link_timeout`.",
  },
  "network-dhcp": {
    meaning: "No usable address came by DHCP.",
    cause: "The DHCP server does not know the node's MAC address, or the port is in another VLAN.",
    remedy: "Run `makedhcp` for the node; check the VLAN; or raise `statelite.dhcp_timeout`.",
  },
  "network-address": {
    meaning: "The interface could not be given its address.",
    cause: "An address or netmask that the kernel refuses, or `ip=none` without an address there.",
    remedy: "Correct what DHCP or `ip=` gives.",
  },
  "dns-lookup": {
    meaning: "A host name could not be looked up.",
    cause: "No DNS server was given, none answered, or none knows the name.",
    remedy:
      "Run `makedns`, correct the DNS servers that DHCP gives, or write an address in place of the name.",
  },
  "node-name": {
    meaning: "The node does not know its own name, and needs it for its state.",
    cause: "Neither `NODE=` nor DHCP nor the reverse name of its address gives one.",
    remedy: "Run `nodeset`, which writes `NODE=`, or give the address a reverse name.",
  },
} as const satisfies Chapter;
