import { describe, expect, test } from "bun:test";
import { MS } from "../../../agent/kernel/constants.ts";
import { nfsAttempts, nfsPort, nfsSource, overTcp } from "../../../agent/mounts/nfs-options.ts";

/** What an administrator writes in MNTOPTS or litetree.mntopts, and what mount(2) is given (nfs(5)). */

const peer = { address: "10.0.0.1", clientAddress: "10.0.0.17" };
const v4 = (version: string) => `vers=${version},addr=10.0.0.1,clientaddr=10.0.0.17`;
const v3 = "vers=3,addr=10.0.0.1,proto=tcp,mountproto=tcp,mountaddr=10.0.0.1,nolock";
const all = [v4("4.2"), v4("4.1"), v4("4.0"), v3];

interface Row {
  readonly rule: string;
  readonly options: string;
  readonly data: readonly string[];
  readonly flags?: number;
}

const rows: readonly Row[] = [
  {
    rule: "nothing: the newest version first, hard mounts with the kernel's timeouts",
    options: "",
    data: all,
  },
  {
    rule: "words for the server pass as they are",
    options: "soft,timeo=30,rsize=65536",
    data: all.map((data) => `${data},soft,timeo=30,rsize=65536`),
  },
  {
    rule: "words for mount.nfs and fstab do not reach the kernel",
    options: "bg,retry=5,_netdev,auto,nofail,defaults,x-systemd.automount,comment=x,user",
    data: all,
  },
  { rule: "ro and rw are not the row's decision", options: "rw", data: all },
  {
    rule: "words for the VFS become flags",
    options: "nosuid,nodev,noexec,noatime,nodiratime",
    data: all,
    flags: MS.NOSUID | MS.NODEV | MS.NOEXEC | MS.NOATIME | MS.NODIRATIME,
  },
  { rule: "the last word counts", options: "nosuid,nodev,suid", data: all, flags: MS.NODEV },
  { rule: "vers=3 alone", options: "vers=3", data: [v3] },
  { rule: "nfsvers=3 is the same", options: "nfsvers=3", data: [v3] },
  { rule: "v3 is the same", options: "v3", data: [v3] },
  { rule: "vers=4.1 alone", options: "vers=4.1", data: [v4("4.1")] },
  { rule: "v4.2 is the same as vers=4.2", options: "v4.2", data: [v4("4.2")] },
  {
    rule: "vers=4 leaves the minor version open",
    options: "vers=4",
    data: [v4("4.2"), v4("4.1"), v4("4.0")],
  },
  { rule: "vers=4,minorversion=1 is 4.1", options: "vers=4,minorversion=1", data: [v4("4.1")] },
  { rule: "the last version counts", options: "vers=3,vers=4.0", data: [v4("4.0")] },
  {
    rule: "version 3 takes the transport that is asked for",
    options: "vers=3,udp",
    data: ["vers=3,addr=10.0.0.1,mountproto=tcp,mountaddr=10.0.0.1,nolock,udp"],
  },
  {
    rule: "version 3 with locks, where somebody insists",
    options: "vers=3,lock",
    data: [v3.replace(",nolock", ",lock")],
  },
  {
    rule: "version 3 through a firewall without a portmapper",
    options: "vers=3,port=2049,mountport=20048",
    data: [`${v3},port=2049,mountport=20048`],
  },
];

describe("NFS options", () => {
  for (const { rule, options, data, flags = 0 } of rows) {
    test(`${rule}: "${options}"`, () => {
      const attempts = nfsAttempts(options.split(",").filter(Boolean), peer);
      expect(attempts.map((attempt) => attempt.data)).toEqual([...data]);
      expect(attempts.map((attempt) => attempt.flags)).toEqual(data.map(() => flags));
      expect(attempts.map(({ version, data: text }) => text.startsWith(`vers=${version},`))).not.toContain(
        false,
      );
    });
  }

  test("without an address of our own the kernel finds one", () => {
    expect(nfsAttempts(["vers=4.0"], { address: "fd00::1" }).map(({ data }) => data)).toEqual([
      "vers=4.0,addr=fd00::1",
    ]);
  });

  test.each([
    ["", 2049],
    ["port=2050", 2050],
    ["port=2050,port=2051", 2051],
    ["port=0", 2049],
    ["port=abc", 2049],
    ["port=-1", 2049],
    ["port=65536", 2049],
    ["mountport=20048", 2049],
  ] as const)("the server is asked at the port of %p: %p", (options, port) => {
    expect(nfsPort(options.split(","))).toBe(port);
  });

  test.each([
    ["soft", true],
    ["tcp", true],
    ["proto=tcp6", true],
    ["udp", false],
    ["proto=udp6", false],
    ["proto=rdma,port=20049", false],
  ] as const)("over TCP with %p: %p", (options, answer) => {
    expect(overTcp(options.split(","))).toBe(answer);
  });

  test("an IPv6 address stands in brackets", () => {
    expect([nfsSource("mn", "/a"), nfsSource("fd00::1", "/a b")]).toEqual(["mn:/a", "[fd00::1]:/a b"]);
  });
});
