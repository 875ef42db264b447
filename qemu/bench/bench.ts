import { existsSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import invariant from "tiny-invariant";
import type { BackEnd } from "../back-ends.ts";
import type { Accelerator, BootMedium, NetworkCard } from "../machine/arguments.ts";
import { type Machine, switchOn } from "../machine/machine.ts";
import { built, out } from "../paths.ts";
import type { Authority } from "../pki.ts";
import { claimFolder } from "./claim.ts";
import { type DnsFaults, dhcpServer, dnsServer, slowDns } from "./dnsmasq.ts";
import {
  buildBridge,
  DOMAIN,
  hostsFile,
  MANAGEMENT_NODE,
  type NodeAddress,
  nodeAddress,
  SERVER_ADDRESS,
  tapOf,
  USER_SERVER_ADDRESS,
} from "./network.ts";
import { type Export, nfsServer, portmapper } from "./nfs.ts";
import { openHost, openNamespace, type Place } from "./place.ts";
import { freePorts } from "./ports.ts";
import { defineService, type Service, type ServiceDefinition } from "./service.ts";
import { mountSmall, type SmallFolder } from "./small-folder.ts";

/** What the management node serves, and who its nodes are. */
export interface BenchPlan {
  /** Folder in out/bench for transcripts and logs; emptied first. */
  readonly name: string;
  /** `bridge`: each node on a tap of its own; `user`: QEMU's user network, one node, NFS version 4 only. */
  readonly network: "bridge" | "user";
  /** How many nodes there are: n01, n02, … */
  readonly nodes: number;
  readonly exports: readonly Export[];
  /** Makes tables for the ports and the address of this bench; what is made ends with the bench. */
  readonly tables: (server: ServerPoint) => Promise<BackEnd>;
  /** The certificate that the server shows. */
  readonly authority: Authority;
  /** What the NFS server speaks; on a bridge 3 and 4 where not given, else 4. */
  readonly nfsVersions?: readonly (3 | 4)[];
  /** Memory file systems on folders of this host, of a few bytes: to be full soon. On a bridge only. */
  readonly small?: readonly SmallFolder[];
  readonly dns?: DnsFaults;
  /** There is a log server at port 514 (UDP), whose output is what it gets; on a bridge only. */
  readonly logs?: boolean;
  /** A folder that a web server shows at port 80; on a bridge only. */
  readonly web?: string;
  /** What boot loaders read, by TFTP and, at port 80, by HTTP from the stub; on a bridge, and without `web`. */
  readonly tftp?: string;
}

/** How guests reach the management node. */
export interface ServerPoint {
  readonly address: string;
  readonly nfsPort: number;
  readonly xcatPort: number;
  /** Of the install monitor. */
  readonly monitorPort: number;
  /** The stub's HTTPS, where it speaks JSON. */
  readonly httpPort: number;
}

export interface BootSpec {
  readonly accelerator: Accelerator;
  readonly medium: BootMedium;
  /** What tells this boot from others in the transcripts' names. */
  readonly label: string;
  /** MiB. */
  readonly memory?: number;
  readonly processors?: number;
  /** See {@link MachineSpec.parallel}. */
  readonly parallel?: boolean;
  /** Files with the bytes of its disks. */
  readonly disks?: readonly string[];
  readonly clock?: string;
}

/** A running management node and its machines. Everything ends with {@link Bench.close}, or with this process. */
export interface Bench {
  readonly directory: string;
  readonly server: ServerPoint;
  readonly nodes: readonly NodeAddress[];
  /** By name: nfs, stub and, on a bridge, rpcbind, dns, dhcp and, where asked for, web and logs. */
  service(name: string): Service;
  node(name: string): NodeAddress;
  boot(name: string, spec: BootSpec): Machine;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Builds the network and starts every service. */
export async function openBench(plan: BenchPlan): Promise<Bench> {
  const directory = join(out, "bench", plan.name);
  claimFolder(directory);
  const nodes = Array.from({ length: plan.nodes }, (_, index) => nodeAddress(index + 1));
  const bridged = plan.network === "bridge";
  for (const { directory: exported } of plan.exports) {
    // The NFS server would leave it out, and say so only in its log.
    invariant(existsSync(exported), `bench ${plan.name} exports ${exported}, which is not there`);
  }
  invariant(bridged || nodes.length === 1, "on the user network all guests have one address: only one node");
  const place = bridged ? await openNamespace() : openHost();
  /** What ends with the bench, in this order. */
  const ends = [place.close];
  try {
    if (bridged) await buildBridge(place, nodes);
    for (const folder of plan.small ?? []) await mountSmall(place, folder);
    const server = bridged
      ? { address: SERVER_ADDRESS, nfsPort: 2049, xcatPort: 3001, monitorPort: 3002, httpPort: 443 }
      : await userServer();
    const tables = await plan.tables(server);
    ends.push(tables.close);
    const services = defineServices(plan, place, directory, server, nodes, tables.argument);
    // The NFS server registers itself with the portmapper and ends where there is none.
    await services.get(portmapper.name)?.start();
    await Promise.all([...services.values()].map((service) => service.start()));
    return assemble(plan, place, directory, server, nodes, services, ends);
  } catch (error) {
    for (const end of ends) await end();
    throw error;
  }
}

async function userServer(): Promise<ServerPoint> {
  const [nfsPort, xcatPort, monitorPort, httpPort] = await freePorts(4);
  invariant(nfsPort !== undefined && xcatPort !== undefined && monitorPort !== undefined);
  invariant(httpPort !== undefined);
  return { address: USER_SERVER_ADDRESS, nfsPort, xcatPort, monitorPort, httpPort };
}

/** Whether this host has more than its loopback interface. */
function hasNetwork(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ internal }) => !internal));
}

function defineServices(
  plan: BenchPlan,
  place: Place,
  directory: string,
  server: ServerPoint,
  nodes: readonly NodeAddress[],
  tables: string,
): Map<string, Service> {
  const bridged = plan.network === "bridge";
  const bind = bridged ? "0.0.0.0" : "127.0.0.1";
  const hosts = join(directory, "hosts");
  // A guest on the user network comes from this host's own loopback address.
  writeFileSync(hosts, hostsFile(bridged ? nodes : nodes.map((node) => ({ ...node, address: "127.0.0.1" }))));
  const { certificate, key } = plan.authority;
  const definitions = [
    nfsServer(
      plan.exports,
      {
        bind: bridged || !hasNetwork() ? undefined : bind,
        port: server.nfsPort,
        versions: plan.nfsVersions ?? (bridged ? [3, 4] : [4]),
      },
      directory,
    ),
    {
      name: "stub",
      argv: [
        ...[built.server, "serve", "--tables", tables, "--listen", `${bind}:${server.xcatPort}`],
        ...["--hosts", hosts, "--cert", certificate, "--key", key, "--name", MANAGEMENT_NODE],
        ...["--monitor", `${bind}:${server.monitorPort}`, "--http", `${bind}:${server.httpPort}`],
        ...["--reports", join(directory, "reports")],
        ...(plan.tftp === undefined ? [] : ["--boot-files", plan.tftp, "--boot-listen", `${bind}:80`]),
      ],
      port: server.xcatPort,
    },
    ...(bridged && plan.web !== undefined ? [webServer(plan.web)] : []),
    ...(bridged && plan.logs === true ? [LOG_SERVER] : []),
    ...(bridged ? [portmapper, ...dns(plan, nodes, directory), dhcpServer(nodes, directory, plan.tftp)] : []),
  ];
  return new Map(
    definitions.map((definition) => [definition.name, defineService(place, directory, definition)]),
  );
}

function dns({ dns: faults = {} }: BenchPlan, nodes: readonly NodeAddress[], directory: string) {
  return [
    dnsServer(nodes, directory, faults),
    ...(faults.delay === undefined ? [] : [slowDns(faults.delay)]),
  ];
}

/** Part of busybox, so that nothing has to be installed for it. */
const LOG_SERVER: ServiceDefinition = {
  name: "logs",
  argv: [process.execPath, join(import.meta.dirname, "log-server.ts")],
};

function webServer(folder: string): ServiceDefinition {
  return { name: "web", argv: ["/bin/busybox", "httpd", "-f", "-p", "80", "-h", folder], port: 80 };
}

function assemble(
  plan: BenchPlan,
  place: Place,
  directory: string,
  server: ServerPoint,
  nodes: readonly NodeAddress[],
  services: ReadonlyMap<string, Service>,
  ends: readonly (() => Promise<void>)[],
): Bench {
  const machines: Machine[] = [];

  function node(name: string): NodeAddress {
    const found = nodes.find((candidate) => candidate.name === name);
    invariant(found, `bench ${plan.name} has no node ${name}`);
    return found;
  }

  function card(address: NodeAddress): NetworkCard {
    const { mac, name } = address;
    if (plan.network === "bridge") return { kind: "tap", mac, tap: tapOf(address) };
    return { kind: "user", mac, hostname: name, domain: DOMAIN };
  }

  async function close(): Promise<void> {
    await Promise.all(machines.map((machine) => machine.kill()));
    for (const end of ends) await end();
  }

  return {
    directory,
    server,
    nodes,
    node,
    service(name) {
      const service = services.get(name);
      invariant(service, `bench ${plan.name} has no service ${name}`);
      return service;
    },
    boot(name, spec) {
      const machine = switchOn(
        place,
        {
          name,
          accelerator: spec.accelerator,
          processors: spec.processors ?? 2,
          parallel: spec.parallel ?? false,
          memory: spec.memory ?? 1024,
          medium: spec.medium,
          cards: [card(node(name))],
          disks: spec.disks ?? [],
          ...(spec.clock !== undefined && { clock: spec.clock }),
          reportFile: join(directory, `${name}.${spec.label}.report`),
        },
        directory,
        `${name}.${spec.label}`,
      );
      machines.push(machine);
      return machine;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
