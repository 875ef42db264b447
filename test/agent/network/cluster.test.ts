import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { NetworkOptions } from "../../../agent/cmdline/options.ts";
import type { Problem } from "../../../agent/errors.ts";
import { Cluster } from "./cluster.ts";

/** The real thing: busybox's udhcpc and ip against dnsmasq, Bun's resolver against it, between namespaces. */

// Everything in here has limits of its own; this one is for a machine that is busy with other tests.
setDefaultTimeout(60_000);

const cluster = new Cluster();

beforeAll(async () => {
  const hosts = [
    "10.9.0.1 mgmt.cluster.test",
    "fd00:9::1 mgmt.cluster.test",
    "10.9.0.17 n17.cluster.test",
    "10.8.0.5 files.other.test",
  ];
  await cluster.start(`${hosts.join("\n")}\n`, [
    "--domain=cluster.test",
    "--local=/cluster.test/",
    "--local=/other.test/",
    "--local=/9.10.in-addr.arpa/",
    "--dhcp-option=119,cluster.test,other.test",
    "--dhcp-option=121,10.20.0.0/16,10.9.0.5,0.0.0.0/0,10.9.0.254",
    "--dhcp-option=26,1400",
  ]);
});
afterAll(() => cluster.stop());

const QUICK = { linkTimeout: 5, dhcpTimeout: 5 };

function options(change: Partial<NetworkOptions>): NetworkOptions {
  return { rename: [], ip: { kind: "dhcp" }, nameservers: [], ...change };
}

describe("an address", () => {
  test("by DHCP, over the first interface with link; it stays, and nothing of ours runs on", async () => {
    const { network } = await cluster.bringUp({ options: options({}), settings: QUICK });
    expect(network).toEqual({
      interface: "eth1",
      mac: cluster.macs.eth1,
      address: "10.9.0.17",
      prefix: 24,
      gateway: "10.9.0.254",
      hostname: "n17",
      domain: "cluster.test",
      search: ["cluster.test", "other.test"],
      nameservers: ["10.9.0.1"],
    });
    expect(await cluster.processes()).toBe("");
    expect(await cluster.ip("addr", "show", "dev", "eth1")).toMatchObject([
      {
        mtu: 1400,
        flags: expect.arrayContaining(["UP", "LOWER_UP"]),
        addr_info: expect.arrayContaining([
          expect.objectContaining({
            local: "10.9.0.17",
            prefixlen: 24,
            broadcast: "10.9.0.255",
            valid_life_time: 2 ** 32 - 1,
          }),
        ]),
      },
    ]);
    expect(await cluster.ip("-4", "route", "show")).toMatchObject([
      { dst: "default", gateway: "10.9.0.254", dev: "eth1" },
      { dst: "10.9.0.0/24", dev: "eth1" },
      { dst: "10.20.0.0/16", gateway: "10.9.0.5", dev: "eth1" },
    ]);
    expect(readFileSync(cluster.resolvConf, "utf8")).toBe(
      "search cluster.test other.test\nnameserver 10.9.0.1\n",
    );
    expect(await cluster.ip("link", "show", "dev", "lo")).toMatchObject([
      { flags: expect.arrayContaining(["UP"]) },
    ]);
    expect(await cluster.ip("link", "show", "dev", "eth2")).not.toMatchObject([
      { flags: expect.arrayContaining(["UP"]) },
    ]);
  });

  test("by ip=, in place of the one that was there before", async () => {
    const ip = {
      kind: "static",
      interface: "eth1",
      address: "10.9.0.99",
      prefix: 25,
      gateway: "10.9.0.1",
      nameservers: ["10.9.0.1"],
    } as const;
    const { network } = await cluster.bringUp({ options: options({ ip }), settings: QUICK });
    expect(network).toMatchObject({
      interface: "eth1",
      address: "10.9.0.99",
      prefix: 25,
      gateway: "10.9.0.1",
    });
    expect(await cluster.ip("-4", "addr", "show", "dev", "eth1")).toMatchObject([
      { addr_info: [{ local: "10.9.0.99", prefixlen: 25 }] },
    ]);
    expect(await cluster.ip("-4", "route", "show", "default")).toMatchObject([{ gateway: "10.9.0.1" }]);
  });

  test("by ip= with IPv6, usable when it is given back; a DNS server is asked over it", async () => {
    const ip = { kind: "static", address: "fd00:9::17", prefix: 64, nameservers: ["fd00:9::1"] } as const;
    const { network } = await cluster.bringUp({ options: options({ ip, netdev: "eth1" }), settings: QUICK });
    expect(network).toMatchObject({ address: "fd00:9::17", nameservers: ["fd00:9::1"] });
    const resolver = { nameservers: ["fd00:9::1"], search: [], timeout: 3 };
    const { resolved } = await cluster.resolve({ resolver, lookup: ["files.other.test"], reverse: [] });
    expect(resolved).toEqual({ "files.other.test": ["10.8.0.5"] });
  });

  test("of an IPv6 neighbour is refused", async () => {
    const ip = { kind: "static", address: "fd00:9::1", prefix: 64, nameservers: [] } as const;
    const { problem } = await cluster.bringUp({ options: options({ ip, netdev: "eth1" }), settings: QUICK });
    expect(problem).toMatchObject({ code: "network-address", found: "another machine has this address" });
  });

  test("on an interface that ifname= and ip= gave another name and MAC address", async () => {
    const mac = "52:54:00:09:00:0f";
    const ip = {
      kind: "static",
      interface: "boot0",
      mac,
      address: "10.7.0.2",
      prefix: 24,
      nameservers: [],
    } as const;
    const rename = [{ name: "boot0", mac: cluster.macs.eth2 }];
    const { network } = await cluster.bringUp({ options: options({ ip, rename }), settings: QUICK });
    expect(network).toMatchObject({ interface: "boot0", mac, address: "10.7.0.2" });
    const back = [{ name: "eth2", mac }];
    const again = { ...ip, interface: "eth2", mac: cluster.macs.eth2 };
    const second = await cluster.bringUp({ options: options({ ip: again, rename: back }), settings: QUICK });
    expect(second.network).toMatchObject({ interface: "eth2", mac: cluster.macs.eth2 });
  });
});

describe("no address", () => {
  test("where no DHCP server answers", async () => {
    const { problem } = await cluster.bringUp({
      options: options({ netdev: "eth2" }),
      settings: { linkTimeout: 5, dhcpTimeout: 1 },
    });
    expect(problem).toMatchObject({
      code: "network-dhcp",
      on: `eth2 (${cluster.macs.eth2})`,
      found: "no lease within 1 s; it has link; udhcpc: udhcpc: broadcasting discover",
    });
    expect(await cluster.processes()).toBe("");
  });

  test("where the cable is not plugged in", async () => {
    const { problem } = await cluster.bringUp({
      options: options({ bootMac: cluster.macs.eth0 }),
      settings: { linkTimeout: 1, dhcpTimeout: 1 },
    });
    expect(problem).toMatchObject({
      code: "network-link",
      on: `eth0 (${cluster.macs.eth0}, no link)`,
      found: "no link within 1 s",
    });
  });
});

describe("names", () => {
  const ip = {
    kind: "static",
    interface: "eth1",
    address: "10.9.0.17",
    prefix: 24,
    nameservers: [],
  } as const;

  test("are found as resolv.conf(5) has it, and back; addresses are not asked for", async () => {
    await cluster.bringUp({ options: options({ ip }), settings: QUICK });
    const { resolved } = await cluster.resolve({
      // Nobody has the first address: the second server answers.
      resolver: {
        nameservers: ["10.9.0.77", "10.9.0.1"],
        search: ["cluster.test", "other.test"],
        timeout: 15,
      },
      lookup: ["mgmt", "files", "mgmt.cluster.test.", "10.1.2.3", "[fd00::5]"],
      reverse: ["10.9.0.17", "fd00:9::1", "10.9.0.99"],
    });
    expect(resolved).toEqual({
      mgmt: ["10.9.0.1", "fd00:9::1"],
      files: ["10.8.0.5"],
      "mgmt.cluster.test.": ["10.9.0.1", "fd00:9::1"],
      "10.1.2.3": ["10.1.2.3"],
      "[fd00::5]": ["fd00::5"],
      "10.9.0.17": "n17.cluster.test",
      "fd00:9::1": "mgmt.cluster.test",
      "10.9.0.99": null,
    });
  });

  test("that cannot be had: the servers, and what each said", async () => {
    await cluster.bringUp({ options: options({ ip }), settings: QUICK });
    const ask = async (nameservers: readonly string[], name: string): Promise<Problem> => {
      const resolver = { nameservers, search: ["cluster.test"], timeout: 1 };
      const { resolved } = await cluster.resolve({ resolver, lookup: [name], reverse: [] });
      return resolved?.[name] as Problem;
    };
    const [absent, refused, silent, unreachable, none, bad] = await Promise.all([
      ask(["10.9.0.1"], "nobody"),
      ask(["10.9.0.1"], "www.example.org."),
      ask(["10.9.0.77"], "mgmt"),
      ask(["10.6.0.1"], "mgmt"),
      ask([], "mgmt"),
      ask(["10.9.0.1"], "mg mt"),
    ]);
    expect(absent).toMatchObject({
      class: "fatal",
      code: "dns-lookup",
      on: "nobody (as nobody.cluster.test, nobody)",
    });
    expect(absent.found).toBe("10.9.0.1: no such name (NXDOMAIN), then refuses to answer (REFUSED)");
    expect(refused.found).toBe("10.9.0.1: refuses to answer (REFUSED)");
    expect(silent.found).toBe("10.9.0.77: no answer");
    expect(unreachable.found).toBe("10.6.0.1: cannot be reached");
    expect(none.found).toMatch(/^no DNS server is known/);
    expect(bad.found).toBe("this is neither an address nor a host name");
  });
});
