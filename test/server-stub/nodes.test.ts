import { describe, expect, test } from "bun:test";
import { canonicalAddress, parseHosts } from "../../server-stub/identity/hosts.ts";
import { identify, nodeNames } from "../../server-stub/identity/identify.ts";
import { expandNoderange } from "../../server-stub/model/noderange.ts";
import { decide } from "../../server-stub/model/policy.ts";
import { tableSet } from "./support/tables.ts";

const set = tableSet({
  site: '#key,value,comments,disable\n"domain","cluster.test",,\n',
  nodelist: `#node,groups,status,comments,disable
"n01","compute,all",,,
"n02","compute,all",,,
"n03","all",,,
"n10","fast,compute,all",,,
"n11-x","",,,
"rack-1-2","all",,,
"gone","all",,,"1"
`,
  nodetype: `#node,os,arch,profile,provmethod,comments,disable
"compute","rhels9","x86_64","compute","statelite",,
"fast","debian12",,,"img",,
"n02",,,"special","netboot",,
"n03","rhels9","x86_64",,,,
`,
  nodegroup: `#groupname,grouptype,members,membergroups,wherevals,comments,disable
"dyn","dynamic","dynamic",,"os==rhels9::profile!=special",,
"dynamic-re","dynamic",,,"groups=~fast",,
"nobody","dynamic",,,"os==nosuch",,
"odd","dynamic",,,"hcp==x",,
"static","static",,,,,
`,
});

describe("a noderange", () => {
  const good: readonly (readonly [string, readonly string[]])[] = [
    ["n01", ["n01"]],
    ["n02,n01,n02", ["n01", "n02"]],
    ["n10,rack-1-2,compute,@fast", ["n10"]],
    ["'n01',\"n02\"", ["n01", "n02"]],
    ["fast", ["n10"]],
    ["all,-compute", ["n03", "rack-1-2"]],
    ["-n01,compute", ["n02", "n10"]],
    ["compute@fast", ["n10"]],
    ["n[01-03]", ["n01", "n02", "n03"]],
    ["n[01,03]", ["n01", "n03"]],
    ["n01-n03", ["n01", "n02", "n03"]],
    ["n01:n03", ["n01", "n02", "n03"]],
    ["n01+2", ["n01", "n02", "n03"]],
    ["rack-1-2", ["rack-1-2"]],
    ["(compute,n03)@(n01,n03)", ["n01", "n03"]],
    ["/n0.*", ["n01", "n02", "n03"]],
    ["nodetype.os==debian12", ["n10"]],
    ["nodetype.profile!=compute,-n11-x", ["n02", "n03", "rack-1-2"]],
    ["nodetype.os=~^rh", ["n01", "n02", "n03"]],
    ["dyn", ["n01", "n03"]],
    ["dyn,-n01,dynamic-re", ["n03", "n10"]],
    ["nobody,static", []],
    ["os==debian12", ["n10"]],
    ["tags=~fast", ["n10"]],
    ["", []],
  ];
  for (const [range, nodes] of good) {
    test(`${JSON.stringify(range)} is ${nodes.join(" ") || "nobody"}`, () => {
      expect(expandNoderange(set, range)).toEqual({ nodes, missing: [] });
    });
  }

  const bad: readonly (readonly [string, readonly string[]])[] = [
    ["nosuch", ["nosuch"]],
    ["gone", ["gone"]],
    ["odd", ["odd"]],
    ["n01,nosuch,neither", ["nosuch", "neither"]],
    ["n01-n04", ["n04"]],
    ["n03-n01", ["n03-n01"]],
    ["n01-x02", ["n01-x02"]],
    ["^/etc/shadow", ["^/etc/shadow"]],
    ["n[1-999999999]", ["n[1-999999999]"]],
    ["n01+999999999", ["n01+999999999"]],
    ["/(", ["/("]],
    // What would keep a server at work for a year, or for a minute.
    ["/(n+)+x", ["/(n+)+x"]],
    [
      "nodetype.os=~(?:r|r)(?:h|h)(?:e|e)(?:l|l)(?:s|s)(?:9|9)(?:x|x)",
      ["nodetype.os=~(?:r|r)(?:h|h)(?:e|e)(?:l|l)(?:s|s)(?:9|9)(?:x|x)"],
    ],
    ["9".repeat(60_000), ["9".repeat(60_000)]],
    [`all${",-all,all".repeat(200_000)}`, [`all${",-all,all".repeat(200_000)}`]],
    [`${"(".repeat(100)}n01${")".repeat(100)}`, [`${"(".repeat(83)}n01${")".repeat(83)}`]],
  ];
  for (const [range, missing] of bad) {
    test(`${range.slice(0, 30)} names nobody known`, () => {
      expect(expandNoderange(set, range).missing).toEqual(missing);
    });
  }
});

test("of very many names that are missing the first thousand are told", () => {
  const { nodes, missing } = expandNoderange(set, "n01,x[1-200000]");
  expect([nodes.length, missing.length, missing[0]]).toEqual([0, 1000, "x1"]);
});

describe("who is asking", () => {
  const names: readonly (readonly [string, readonly string[]])[] = [
    ["n01.cluster.test", ["n01", "n01.cluster.test"]],
    ["n01.cluster.test.", ["n01", "n01.cluster.test"]],
    ["n01", ["n01"]],
    ["n01-eth0.cluster.test", ["n01", "n01-eth0.cluster.test"]],
    ["n01-ib1", ["n01", "n01-ib1"]],
    ["n01-myri0.cluster.test", ["n01", "n01-myri0.cluster.test"]],
    ["n01.other.example", ["n01.other.example"]],
    ["n01xcluster.test", ["n01xcluster.test"]],
  ];
  for (const [name, expected] of names) {
    test(`${name} may be ${expected.join(" or ")}`, () => {
      expect(nodeNames(name, "cluster.test")).toEqual(expected);
    });
  }

  test("is told by the first source that has a name; a group's name is no node", async () => {
    const hosts = parseHosts(
      "127.0.0.2 n01.cluster.test n01 # a node\n127.0.0.13\tcompute.cluster.test\n::1 n02\nbad line\n",
    );
    const first = { namesOf: async (address: string) => hosts.get(address) ?? [] };
    const second = { namesOf: async () => ["n03.cluster.test"] };
    const who = async (address: string): Promise<string | undefined> =>
      (await identify(set, address, [first, second])).node;
    expect(await who("127.0.0.2")).toBe("n01");
    expect(await who("::ffff:127.0.0.2")).toBe("n01");
    expect(await who("0:0:0:0:0:0:0:1")).toBe("n02");
    expect(await who("127.0.0.13")).toBeUndefined();
    expect(await who("127.0.0.99")).toBe("n03");
  });

  test("a comment goes on to the end of its line, whatever is in it", () => {
    expect([...parseHosts("10.0.0.1 n01 # old\r#n02 \u2028 n03\r\n10.0.0.2 n04\r\n")]).toEqual([
      ["10.0.0.1", ["n01"]],
      ["10.0.0.2", ["n04"]],
    ]);
  });

  test("addresses have one spelling", () => {
    const spellings = ["FE80:0::1%eth0", "::0:0:0:0:0.0.0.1", "::FFFF:10.0.0.1", "10.0.0.1", "x"];
    expect(spellings.map(canonicalAddress)).toEqual(["fe80::1", "::1", "10.0.0.1", "10.0.0.1", undefined]);
  });
});

describe("policy", () => {
  const header = "#priority,name,host,commands,noderange,parameters,time,rule,comments,disable\n";
  const asker = { host: "n01" };
  const root = { host: "mn", certificateName: "root" };
  const cases: readonly (readonly [string, string, object, object, boolean])[] = [
    ["denies where no row matches", "", asker, {}, false],
    ["allows by a row without limits", '"1",,,,,,,"allow",,', asker, {}, true],
    ["takes accept and trusted as allow", '"1",,,,,,,"Trusted",,', asker, {}, true],
    ["denies by any other rule", '"1",,,,,,,"permit",,', asker, {}, false],
    ["orders priorities as numbers", '"10",,,,,,,"deny",,\n"9.5",,,,,,,"allow",,', asker, {}, true],
    ["lets the first matching row decide", '"1",,,,,,,"deny",,\n"2",,,,,,,"allow",,', asker, {}, false],
    ["skips disabled rows", '"1",,,,,,,"deny",,"1"\n"2",,,,,,,"allow",,', asker, {}, true],
    ["matches one command of several", '"1",,,"x,litefile",,,,"allow",,', asker, {}, true],
    ["does not match a part of a command", '"1",,,"litefil",,,,"allow",,', asker, {}, false],
    ["matches the host", '"1",,"n01",,,,,"allow",,', asker, {}, true],
    ["does not match another host", '"1",,"n02",,,,,"allow",,', asker, {}, false],
    ["matches a certificate's name", '"1","root",,,,,,"allow",,', root, {}, true],
    ["wants a certificate for a name", '"1","root",,,,,,"allow",,', asker, {}, false],
    ["wants some certificate for *", '"1","*",,,,,,"allow",,', asker, {}, false],
    ["takes any certificate for *", '"1","*",,,,,,"allow",,', root, {}, true],
    [
      "matches parameters as a pattern",
      '"1",,,,,"^-i \\w+$",,"allow",,',
      asker,
      { args: ["-i", "img"] },
      true,
    ],
    ["allows nothing by what is no pattern", '"1",,,,,"(",,"allow",,', asker, { args: ["-x"] }, false],
    [
      "refuses by what is no pattern",
      '"1",,,,,"(",,"deny",,\n"2",,,,,,,"allow",,',
      asker,
      { args: ["-x"] },
      false,
    ],
    [
      "refuses by a pattern that could take for ever",
      '"1",,,,,"^(a+)+$",,"allow",,',
      asker,
      { args: [`${"a".repeat(60)}!`] },
      false,
    ],
    ["does not match other parameters", '"1",,,,,"^-i",,"allow",,', asker, { args: ["-x"] }, false],
    ["does not match by a broken pattern", '"1",,,,,"(",,"allow",,', asker, { args: ["("] }, false],
    ["wants a noderange for a noderange", '"1",,,,"compute",,,"allow",,', asker, {}, false],
    ["matches a noderange", '"1",,,,"compute",,,"allow",,', asker, { nodes: ["n01", "n02"] }, true],
    [
      "does not allow by a part of the nodes",
      '"1",,,,"n01",,,"allow",,',
      asker,
      { nodes: ["n01", "n02"] },
      false,
    ],
    [
      "allows by several rows together",
      '"1",,,,"n01",,,"allow",,\n"2",,,,"n02",,,"allow",,',
      asker,
      { nodes: ["n01", "n02"] },
      true,
    ],
    [
      "denies by a part of the nodes",
      '"1",,,,"n02",,,"deny",,\n"2",,,,,,,"allow",,',
      asker,
      { nodes: ["n01", "n02"] },
      false,
    ],
  ];
  for (const [rule, rows, who, asked, allowed] of cases) {
    test(rule, () => {
      const tables = new Map([...set.tables, ...tableSet({ policy: `${header}${rows}\n` }).tables]);
      const request = { command: "litefile", args: [], ...asked };
      expect(decide({ tables }, { ...asker, ...who }, request).allowed).toBe(allowed);
    });
  }
});
