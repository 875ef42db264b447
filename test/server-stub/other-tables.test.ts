import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BackEnd, backEndKinds, openBackEnd } from "../../qemu/back-ends.ts";
import { ask, startServer, type TestServer } from "./support/server.ts";

/** What the golden tables do not have, and real clusters do. Expected is what xCAT's Perl makes of it. */
const tables: Readonly<Record<string, string>> = {
  site: '#key,value\n"domain","cluster.test"\n"master","10.0.0.1"\n"excludenodes","n09,sick"\n',
  policy: `#priority,name,host,commands,noderange,parameters,time,rule
"1",,,"litefile",,"^-secret",,"deny"
"2",,"n01","litetree","compute",,,"allow"
"4.7",,,"litefile",,,,"allow"
"4.8",,,"litetree",,,,"allow"
`,
  nodelist: `#node,groups
"n10","compute,all"
"n01","rack1,compute,all"
"n02","compute, rack1"
"n03","bare"
"n09","compute"
"n08","sick,compute"
`,
  nodetype: `#node,os,arch,profile,provmethod
"compute","rhels9","x86_64","compute","img1"
"bare","rhels9","x86_64","|n0*(\\d+)|p($1*2)|","netboot"
`,
  noderes: `#node,nfsserver,xcatmaster,nfsdir
"compute","|\\D+(\\d+)|10.0.(($1-1)/8).(($1-1)%8+1)|","/\\z/-mn/","/vol/nfs/"
"rack1","0","r1+=NEXTRECORD",
`,
  osimage: '#imagename,groups\n"img1","g1"\n',
  litefile: `#image,file,options
"g1","/a","ro"
"ALL","/a","tmpfs"
"img1","/a","persistent"
"g1","/b","con"
"ALL","/b","link"
"g1,g2","/c","ro"
"all","/d","ro"
"img1","/e","thirteenchars"
"img1","/e/","0"
"rhels9-x86_64-statelite-p6","/p","ro"
`,
  litetree: `#priority,image,directory,mntopts
"1","ALL","$noderes.nfsserver:/$noderes.xcatmaster",
"1e1","img1","s:/ten",
"-1","img1","s:/first","ro"
"3","img1",":/no/server",
"4","img1","0:/no/server/either","soft"
"5","img1","s:/a:b:c",
"6","img1","s:/$noderes.nfsdir/$$node",
"7","img1","s:/#CMD=echo 0#",
`,
};

const asked: readonly (readonly [what: string, source: string, request: string, lines: readonly string[]])[] =
  [
    [
      "the image goes before ALL, ALL before the image's groups",
      "n01",
      "<command>litefile</command>",
      [
        "n01: persistent    /a",
        "n01: link          /b",
        "n01: thirteenchars /e",
        "n01: tmpfs,rw      /e/",
        "n01: link          /etc/mtab",
      ],
    ],
    [
      "an image's name may follow from the node's",
      "n03",
      "<command>litefile</command>",
      [
        "n03: tmpfs         /a",
        "n03: link          /b",
        "n03: link          /etc/mtab",
        "n03: ro            /p",
      ],
    ],
    [
      "attributes follow from the node's name, and from its groups in their order",
      "n10",
      "<command>litetree</command>",
      [
        "n10: s:/first :ro",
        "n10: 10.0.1.2:/n10-mn",
        "n10: /no/server",
        "n10: /no/server/either :soft",
        "n10: s:/a :b",
        "n10: s://vol/nfs/n10",
        "n10: s:/#CMD=0 did not return output#",
        "n10: s:/ten",
      ],
    ],
    [
      "a blank is part of a group's name; parameters that no row looks at may be long",
      "n02",
      `<command>litetree</command><arg>${"x".repeat(5000)}</arg>`,
      [
        "n02: s:/first :ro",
        "n02: 10.0.0.2:/n02-mn",
        "n02: /no/server",
        "n02: /no/server/either :soft",
        "n02: s:/a :b",
        "n02: s://vol/nfs/n02",
        "n02: s:/#CMD=0 did not return output#",
        "n02: s:/ten",
      ],
    ],
  ];

function answer(lines: readonly string[]): string {
  const infos = lines.map(
    (line) =>
      `<xcatresponse>\n  <info>${line}</info>\n  <xcatdsource>xcatmn</xcatdsource>\n</xcatresponse>\n`,
  );
  return `${infos.join("")}<xcatresponse>\n  <serverdone></serverdone>\n</xcatresponse>\n`;
}

for (const kind of backEndKinds) {
  describe(`from ${kind}`, () => {
    let server: TestServer;
    let folder: string;
    let backEnd: BackEnd;
    const addresses = { n01: "127.0.0.2", n02: "127.0.0.3", n03: "127.0.0.4", n10: "127.0.0.5" };
    const addressOf = (node: string): string => addresses[node as keyof typeof addresses];
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "statelite-tables-"));
      const csv = join(folder, "tables");
      await mkdir(csv);
      for (const [name, text] of Object.entries(tables)) await writeFile(join(csv, `${name}.csv`), text);
      backEnd = await openBackEnd(kind, csv);
      const names = Object.entries(addresses).map(([node, address]) => [address, `${node}.cluster.test`]);
      server = await startServer(backEnd.argument, Object.fromEntries(names), "--allow-cmd");
    });
    afterAll(async () => {
      await server.stop();
      await backEnd.close();
      await rm(folder, { recursive: true });
    });

    for (const [what, source, request, lines] of asked) {
      test(what, async () => {
        const whole = `<xcatrequest>${request}</xcatrequest>\n`;
        expect(await ask(server, addressOf(source), whole)).toBe(answer(lines));
      });
    }

    test("nodes of a range come in the order of their names, without the excluded ones", async () => {
      const text = await ask(
        server,
        addressOf("n01"),
        "<xcatrequest><command>litetree</command><noderange>n10,compute,@rack1,n10,n02,n09,n08</noderange></xcatrequest>\n",
      );
      const nodes = [...text.matchAll(/<info>(\w+): s:\/first/g)].map(([, node]) => node);
      expect(nodes).toEqual(["n01", "n02", "n10"]);
      expect(text).toContain("<info>n01: UNDEFINED:/r1/\\z/-mn/</info>");
    });

    test("parameters that are too long to be looked at get by no row that looks at them", async () => {
      const long = `<arg>${"x".repeat(5000)}</arg>`;
      const request = `<xcatrequest><command>litefile</command>${long}</xcatrequest>\n`;
      expect(await ask(server, addressOf("n01"), request)).toContain("Permission denied for request");
    });
  });
}
