import { describe, expect, test } from "bun:test";
import { parseCommandLine } from "../../../agent/cmdline/parse.ts";
import { commandLine } from "../../../server-stub/nodeset/configuration.ts";
import { bootFacts } from "../../../server-stub/nodeset/facts.ts";
import { bootParameters } from "../../../server-stub/nodeset/parameters.ts";
import { tableSet } from "../support/tables.ts";

const osimage = "#imagename,profile,provmethod,rootfstype,nfsrootopts,osvers,osarch\n";
const base = {
  nodelist: '#node,groups\n"n01","compute"\n',
  noderes: "#node,nfsserver,nfsdir,installnic,xcatmaster,tftpserver\ncompute,10.0.0.2,,mac,10.0.0.1,\n",
  nodetype: "#node,os,arch,profile,provmethod\ncompute,rhels9,x86_64,compute,img\n",
  osimage: `${osimage}img,compute,statelite,nfs,,rhels9,x86_64\n`,
  linuximage: "#imagename,rootimgdir,addkcmdline,partitionfile\nimg,/images/c,,\n",
  statelite:
    '#node,image,statemnt,mntopts\ncompute,,$noderes.nfsserver:/lite/$nodetype.profile,"soft,timeo=30"\n',
};

async function line(change: Readonly<Record<string, string>> = {}): Promise<string> {
  const facts = await bootFacts(tableSet({ ...base, ...change }), "n01", "img", () => Promise.resolve(""));
  return commandLine({ kernel: "kernel", initrd: "initrd", parameters: bootParameters(facts) });
}

const dracut =
  "root=nfs:10.0.0.2:/images/c/rootimg:ro STATEMNT=10.0.0.2:/lite/compute XCAT=10.0.0.1:3001 NODE=n01 XCATHTTPPORT=80 selinux=0";
const script =
  "NFSROOT=10.0.0.2:/images/c STATEMNT=10.0.0.2:/lite/compute XCAT=10.0.0.1:3001 XCATHTTPPORT=80 NODE=n01 FC=0 ip=dhcp";
const debian = { osimage: `${osimage}img,compute,statelite,nfs,,debian12,x86_64\n` };
const end = " MNTOPTS=soft,timeo=30";

describe("the command line is that of xCAT's nodeset", () => {
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    ["an image with dracut's initrd", {}, dracut + end],
    ["an image without", debian, script + end],
    [
      "mount options, which NFSROOT= cannot carry",
      { osimage: `${osimage}img,compute,statelite,nfs,"vers=3,soft",debian12,x86_64\n` },
      script.replace("NFSROOT=10.0.0.2:/images/c", "root=nfs:10.0.0.2:/images/c/rootimg:ro,vers=3,soft") +
        end,
    ],
    [
      "a root in memory",
      { osimage: `${osimage}img,compute,statelite,ramdisk,,rhels9,x86_64\n` },
      dracut.replace(/root=\S+/, "imgurl=http://10.0.0.1:80//images/c/rootimg-statelite.gz") + end,
    ],
    [
      "no state",
      { statelite: "#node,statemnt,mntopts\n" },
      `${dracut.replace(/STATEMNT=\S+/, "STATEMNT=")} MNTOPTS=`,
    ],
    [
      "the folder that xCAT takes where the image has none",
      { linuximage: "#imagename,rootimgdir\n" },
      dracut.replace("/images/c", "/install/netboot/rhels9/x86_64/compute") + end,
    ],
    [
      "a folder for NFS alone",
      { noderes: "#node,nfsdir,xcatmaster\ncompute,/vol/nfs/,10.0.0.1\n", statelite: "#node,statemnt\n" },
      `${dracut.replace("10.0.0.2:/images/c", "10.0.0.1:/vol/nfs/netboot/rhels9/x86_64/compute").replace(/STATEMNT=\S+/, "STATEMNT=")} MNTOPTS=`,
    ],
    [
      "other ports, silence, flow control",
      {
        ...debian,
        site: "#key,value\nxcatdport,4001\nxcatiport,4002\nhttpport,8080\nnodestatus,n\nuseflowcontrol,yes\n",
      },
      `${script.replace("3001", "4001").replace("80 ", "8080 ").replace("FC=0", "FC=1")} XCATIPORT=4002 nonodestatus${end}`,
    ],
    [
      "more to be seen",
      { site: "#key,value\nxcatdebugmode,2\n" },
      `${dracut} LOGSERVER=10.0.0.1 xcatdebugmode=2${end}`,
    ],
    [
      "a serial console",
      { nodehm: "#node,serialport,serialspeed,serialflow\ncompute,0,115200,hard\n" },
      `${dracut} console=tty0 console=ttyS0,115200n8r${end}`,
    ],
    [
      "a local disk",
      { linuximage: "#imagename,rootimgdir,partitionfile\nimg,/images/c,/etc/part\n" },
      `${dracut} PARTITION_RH${end}`,
    ],
    [
      "a local disk, of another distribution",
      {
        osimage: `${osimage}img,compute,statelite,nfs,,sles15.5,x86_64\n`,
        linuximage: "#imagename,rootimgdir,partitionfile\nimg,/images/c,/etc/part\n",
      },
      `${script} PARTITION_SLES${end}`,
    ],
    [
      "an interface by name",
      { noderes: "#node,nfsserver,installnic,xcatmaster\ncompute,10.0.0.2,eno1,10.0.0.1\n" },
      `${dracut} netdev=eno1${end}`,
    ],
    [
      "the server of all nodes",
      { noderes: "#node,nfsserver\ncompute,10.0.0.2\n", site: "#key,value\nmaster,10.0.0.1\n" },
      dracut + end,
    ],
    [
      "an IPv6 server",
      { noderes: "#node,nfsserver,xcatmaster\ncompute,10.0.0.2,fe80::1\n" },
      dracut.replace("10.0.0.1:3001", "[fe80::1]:3001") + end,
    ],
    [
      "what the administrator adds, image before node",
      {
        linuximage: '#imagename,rootimgdir,addkcmdline\nimg,/images/c,"R::quiet statelite.strict=1"\n',
        bootparams: '#node,addkcmdline\nn01,"a=""b c"" shell"\n',
      },
      `${dracut}${end} quiet statelite.strict=1 a="b c" shell`,
    ],
  ];
  for (const [rule, change, expected] of cases) {
    test(rule, async () => {
      const written = await line(change);
      expect(written).toBe(expected);
      const read = parseCommandLine(written);
      expect(read.ok ? read.options.node : read.problems).toBe("n01");
    });
  }
});

describe("what a boot loader or the kernel would misread is refused", () => {
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    ["a line of its own", { bootparams: '#node,addkcmdline\nn01,"a=""x\ny"""\n' }, "a: a control character"],
    ["a value of the boot loader's", { bootparams: `#node,addkcmdline\nn01,a=${"$"}{netX/mac}\n` }, "a: "],
    ["a quote", { bootparams: '#node,addkcmdline\nn01,"a=x""y"\n' }, "a quote that is not closed: a=x"],
    [
      "more than the kernel reads",
      { bootparams: `#node,addkcmdline\nn01,a=${"x".repeat(2000)}\n` },
      "the kernel reads 2047",
    ],
    [
      "a command of the boot loader's",
      { bootparams: '#node,addkcmdline\nn01,"quiet && exit"\n' },
      '&&: "&&", which means',
    ],
    ["one in a value", { bootparams: '#node,addkcmdline\nn01,"a=""b || exit"""\n' }, 'a: "||", which means'],
    [
      "an image whose system is a line of the boot loader's",
      { osimage: `${osimage}img,compute,statelite,nfs,,"rhels9\nexit",x86_64\n` },
      'os is "rhels9\\nexit"',
    ],
    [
      "a port that is a path",
      { site: "#key,value\nhttpport,80/evil\n" },
      'httpport in the site table is "80/evil"',
    ],
    ["no server", { noderes: "#node\n" }, "n01 has no server"],
    [
      "a state that names a table that is none",
      { statelite: "#node,statemnt\ncompute,$nosuch.x:/state\n" },
      "statelite.statemnt $nosuch.x:/state: nosuch does not exist",
    ],
    [
      "a state with a variable that has no value",
      { statelite: "#node,statemnt\ncompute,10.0.0.2:/$nodepos.rack\n" },
      "statelite.statemnt 10.0.0.2:/$nodepos.rack: a variable has no value for this node",
    ],
    [
      "a state with a command that did not run",
      { statelite: "#node,statemnt\ncompute,10.0.0.2:/#CMD=echo x#\n" },
      "statelite.statemnt 10.0.0.2:/#CMD=echo x#: a #CMD= gave nothing",
    ],
    [
      "a state that no node could mount",
      { statelite: "#node,statemnt\ncompute,[fd00::1]:/state\n" },
      'statelite.statemnt [fd00::1]:/state: it comes out as "[fd00 :1]", server:/directory was wanted; a server with an IPv6 address needs a name',
    ],
    [
      "a state without a server",
      { statelite: "#node,statemnt\ncompute,/state\n" },
      'statelite.statemnt /state: it comes out as "/state", server:/directory was wanted',
    ],
    ["an image of nothing", { osimage: "#imagename\nimg\n", nodetype: "#node,os\n" }, "img has no os"],
  ];
  for (const [rule, change, message] of cases) {
    test(rule, () => {
      expect(line(change)).rejects.toThrow(message);
    });
  }
});
