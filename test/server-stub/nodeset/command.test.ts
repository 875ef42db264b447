import { afterEach, describe, expect, test } from "bun:test";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const main = join(import.meta.dir, "../../../server-stub/main.ts");
const demo = join(import.meta.dir, "../../../qemu/demo/tables");
const image = "debian12-x86_64-statelite-compute";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

interface Site {
  readonly folder: string;
  readonly tables: string;
  readonly tftp: string;
  nodeset(...args: readonly string[]): { status: number; output: string; errors: string };
  read(path: string): string;
}

/** The demo's tables with addresses, a kernel and an initrd. */
function site(): Site {
  const folder = mkdtempSync(join(tmpdir(), "statelite-nodeset-"));
  folders.push(folder);
  const [tables, tftp] = [join(folder, "tables"), join(folder, "tftpboot")];
  cpSync(demo, tables, { recursive: true });
  const put = (name: string, text: string) => writeFileSync(join(tables, `${name}.csv`), text);
  put(
    "mac",
    '#node,interface,mac,comments,disable\n"n01",,"52:54:00:00:00:0B!n01|52-54-00-00-00-0c!*NOIP*",,\n',
  );
  put("hosts", '#node,ip\n"n01","10.0.0.11"\n"n02","10.0.0.12"\n');
  put("linuximage", `#imagename,rootimgdir\n"${image}","${folder}/image"\n`);
  mkdirSync(join(folder, "image"));
  writeFileSync(join(folder, "image", "kernel"), "a kernel");
  writeFileSync(join(folder, "image", "initrd-statelite.gz"), "an initrd");
  mkdirSync(tftp);
  return {
    folder,
    tables,
    tftp,
    nodeset(...args) {
      const argv = [process.execPath, main, "nodeset", "--tables", tables, "--tftp", tftp, ...args];
      const { exitCode, stdout, stderr } = Bun.spawnSync(argv, { stdin: "ignore", timeout: 20_000 });
      return { status: exitCode, output: stdout.toString(), errors: stderr.toString() };
    },
    read: (path) => readFileSync(join(tftp, path), "latin1"),
  };
}

test("a node gets its files where each boot loader looks for them", () => {
  const { nodeset, read, tftp, folder } = site();
  rmSync(tftp, { recursive: true }); // It is made.
  expect(nodeset("n01", `osimage=${image}`)).toEqual({
    status: 0,
    output: "n01: statelite debian12-x86_64-compute\n",
    errors: "",
  });
  const line = `NFSROOT=10.0.0.1:${folder}/image STATEMNT=10.0.0.1:/lite/state XCAT=10.0.0.1:3001 XCATHTTPPORT=80 NODE=n01 FC=0 ip=dhcp MNTOPTS=`;
  expect(read("pxelinux.cfg/n01")).toBe(`#statelite debian12-x86_64-compute
DEFAULT xCAT
LABEL xCAT
 KERNEL xcat/osimage/${image}/kernel
 APPEND initrd=xcat/osimage/${image}/initrd-statelite.gz ${line}
 IPAPPEND 2
`);
  expect(read("xcat/xnba/nodes/n01")).toBe(`#!gpxe
#statelite debian12-x86_64-compute
imgfetch -n kernel http://\${next-server}:80/tftpboot/xcat/osimage/${image}/kernel
imgload kernel
imgargs kernel ${line} BOOTIF=01-\${netX/mac:hexhyp}
imgfetch -n initrd http://\${next-server}:80/tftpboot/xcat/osimage/${image}/initrd-statelite.gz
imgexec kernel
`);
  expect(read("xcat/xnba/nodes/n01.uefi")).toContain(`${line} initrd=initrd BOOTIF=`);
  expect(readdirSync(join(tftp, "pxelinux.cfg")).sort()).toEqual([
    "01-52-54-00-00-00-0b",
    "01-52-54-00-00-00-0c",
    "0A00000B",
    "n01",
  ]);
  expect(readlinkSync(join(tftp, "pxelinux.cfg/0A00000B"))).toBe("n01");
  expect(read(`xcat/osimage/${image}/kernel`)).toBe("a kernel");
  expect(read(`xcat/osimage/${image}/initrd-statelite.gz`)).toBe("an initrd");
});

test("stat tells what was said, boot and offline say something else", () => {
  const { nodeset, read, tftp } = site();
  const state = () => nodeset("n01,n02", "stat").output;
  expect(state()).toBe("n01: offline\nn02: offline\n");
  nodeset("compute", "statelite");
  expect(state()).toBe("n01: statelite debian12-x86_64-compute\nn02: statelite debian12-x86_64-compute\n");
  nodeset("n01", "boot");
  expect(state()).toBe("n01: boot\nn02: statelite debian12-x86_64-compute\n");
  expect(read("xcat/xnba/nodes/n01")).toBe("#!gpxe\n#boot\nexit\n");
  expect(read("pxelinux.cfg/0A00000B")).toBe("#boot\nDEFAULT xCAT\nLABEL xCAT\n LOCALBOOT 0\n");
  nodeset("n01", "offline");
  expect(state()).toBe("n01: offline\nn02: statelite debian12-x86_64-compute\n");
  expect(readdirSync(join(tftp, "pxelinux.cfg")).sort()).toEqual(["0A00000C", "n02"]);
});

test("an address that is no longer the node's leads to it no longer", () => {
  const { nodeset, tables, tftp } = site();
  nodeset("n01,n02", "osimage");
  writeFileSync(join(tables, "hosts.csv"), '#node,ip\n"n01","10.0.0.21"\n');
  nodeset("n01", "osimage");
  expect(
    readdirSync(join(tftp, "pxelinux.cfg"))
      .filter((name) => name.startsWith("0A"))
      .sort(),
  ).toEqual(["0A00000C", "0A000015"]);
});

test("nodes that have changed their addresses with each other find each their own", () => {
  const { nodeset, tables, tftp } = site();
  nodeset("n01,n02", "osimage");
  writeFileSync(join(tables, "hosts.csv"), '#node,ip\n"n01","10.0.0.12"\n"n02","10.0.0.11"\n');
  nodeset("n01,n02", "osimage");
  const leads = (name: string) => readlinkSync(join(tftp, "pxelinux.cfg", name));
  expect([leads("0A00000B"), leads("0A00000C")]).toEqual(["n02", "n01"]);
});

test("another image becomes the node's own, in the nodetype table, and its groups' stays", () => {
  const { nodeset, tables, read, folder } = site();
  const append = (name: string, row: string) =>
    writeFileSync(join(tables, `${name}.csv`), `${readFileSync(join(tables, `${name}.csv`))}${row}\n`);
  append("osimage", '"other",,"service","linux",,"statelite","nfs",,,,,"Linux","rhels9","x86_64",,,,,,,,,');
  append("linuximage", `"other","${folder}/image"`);
  expect(nodeset("n01", "osimage=other").status).toBe(0);
  expect(readFileSync(join(tables, "nodetype.csv"), "latin1")).toBe(
    `#node,os,arch,profile,provmethod,supportedarchs,nodetype,comments,disable
"compute","debian12","x86_64","compute","${image}",,,,
"n01","rhels9","x86_64","service","other",,,,
`,
  );
  expect(read("pxelinux.cfg/n01")).toContain(`#statelite rhels9-x86_64-service\n`);
  expect(nodeset("n01,n02", "osimage").output).toBe(
    "n01: statelite rhels9-x86_64-service\nn02: statelite debian12-x86_64-compute\n",
  );
});

test("kernel and initrd are copied again when they have changed, unless they are to stay", () => {
  const { nodeset, read, folder } = site();
  nodeset("n01", "osimage");
  writeFileSync(join(folder, "image", "kernel"), "another kernel");
  nodeset("n01", "osimage", "--noupdateinitrd");
  expect(read(`xcat/osimage/${image}/kernel`)).toBe("a kernel");
  nodeset("n01", "osimage");
  expect(read(`xcat/osimage/${image}/kernel`)).toBe("another kernel");
});

test("--dry-run says all that would be written, and writes nothing", () => {
  const { nodeset, tftp, read } = site();
  const { output, status } = nodeset("n01", "osimage", "--dry-run");
  expect(status).toBe(0);
  expect(output).toMatch(/^copy \S+\/image\/kernel to \S+\/kernel$/m);
  expect(output).toMatch(/^write pxelinux\.cfg\/n01\n {4}#statelite /m);
  expect(output).toContain("\nlink pxelinux.cfg/0A00000B to n01\n");
  expect(readdirSync(tftp)).toEqual([]);
  nodeset("n01", "osimage");
  expect(output).toContain(read("xcat/xnba/nodes/n01").trimEnd().replaceAll(/^/gm, "    "));
});

test("--json gives what was done", () => {
  const { nodeset } = site();
  expect(JSON.parse(nodeset("n02", "osimage", "--json").output)).toEqual([
    {
      node: "n02",
      state: "statelite debian12-x86_64-compute",
      image,
      commandLine: expect.stringContaining(" NODE=n02 "),
      files: ["pxelinux.cfg/n02", "pxelinux.cfg/0A00000C", "xcat/xnba/nodes/n02", "xcat/xnba/nodes/n02.uefi"],
    },
  ]);
});

function setLoader(tables: string, loader: string): void {
  const path = join(tables, "noderes.csv");
  writeFileSync(path, readFileSync(path, "utf8").replace('"xnba"', `"${loader}"`));
}

describe("what cannot be is said, with exit status", () => {
  const cases: readonly (readonly [string, (site: Site) => unknown, readonly string[], number, RegExp])[] = [
    [
      "an unknown node",
      () => {},
      ["nosuch", "osimage"],
      1,
      /^Error: Invalid nodes and\/or groups in noderange: nosuch$/m,
    ],
    ["a range of nobody", () => {}, ["n01,-n01", "osimage"], 1, /^Error: n01,-n01 means no node$/m],
    [
      "an unknown image",
      () => {},
      ["n01", "osimage=nosuch"],
      1,
      /^Error: n01: The osimage named 'nosuch' is not defined\.$/m,
    ],
    [
      "an image's name that leads elsewhere",
      () => {},
      ["n01", "osimage=../../etc"],
      1,
      /^Error: n01: "\.\.\/\.\.\/etc" cannot be the name of a folder$/m,
    ],
    ["an unknown state", () => {}, ["n01", "sleep"], 2, /sleep is no state/],
    ["a noderange alone", () => {}, ["n01"], 2, /STATE is needed/],
    [
      "no kernel anywhere",
      ({ folder }) => rmSync(join(folder, "image", "kernel")),
      ["n01", "osimage"],
      1,
      /kernel is not there, and .* neither: put the file into the folder of the first/,
    ],
    [
      "a node whose name leads elsewhere",
      ({ tables }) => writeFileSync(join(tables, "nodelist.csv"), '#node,groups\n"../../n01","compute"\n'),
      ["/.*", "boot"],
      1,
      /its name cannot be/,
    ],
    [
      "a node by the name of everybody's file",
      ({ tables }) => writeFileSync(join(tables, "nodelist.csv"), '#node,groups\n"default","compute"\n'),
      ["default", "boot"],
      1,
      /its name cannot be/,
    ],
    [
      "a boot loader that is not served",
      ({ tables }) => setLoader(tables, "grub2"),
      ["n01", "osimage"],
      1,
      /^Error: n01: noderes\.netboot is grub2/m,
    ],
    [
      "a pxelinux that would not find its file",
      ({ tables }) => {
        setLoader(tables, "pxe");
        rmSync(join(tables, "hosts.csv"));
        rmSync(join(tables, "mac.csv"));
      },
      ["n01", "boot"],
      1,
      /^Error: n01: pxelinux would not find its file/m,
    ],
    [
      "a directory that leads out of the TFTP directory",
      ({ tftp, folder }) => symlinkSync(folder, join(tftp, "pxelinux.cfg")),
      ["n01", "boot"],
      1,
      /pxelinux\.cfg leads out of /,
    ],
    [
      "a directory for kernels that leads out of it",
      ({ tftp, folder }) => {
        mkdirSync(join(tftp, "xcat"));
        symlinkSync(folder, join(tftp, "xcat/osimage"));
      },
      ["n01", "osimage"],
      1,
      /xcat\/osimage leads out of /,
    ],
    [
      "two nodes with one address",
      ({ tables }) => writeFileSync(join(tables, "hosts.csv"), '#node,ip\n"compute","10.0.0.11"\n'),
      ["n01,n02", "boot"],
      1,
      /^Error: n02: pxelinux\.cfg\/0A00000B would be that of n01, too: they have one address\nError: n01: /m,
    ],
    [
      "a TFTP directory that is a file",
      ({ tftp }) => {
        rmSync(tftp, { recursive: true });
        writeFileSync(tftp, "");
      },
      ["n01", "boot"],
      1,
      /write what nodes boot: \S+: (?:EEXIST|ENOTDIR)/,
    ],
  ];
  for (const [rule, prepare, args, status, message] of cases) {
    test(rule, () => {
      const place = site();
      prepare(place);
      const done = place.nodeset(...args);
      expect(done.errors).toMatch(message);
      expect(done.status).toBe(status);
    });
  }

  test("and the other nodes are done", () => {
    const { nodeset, tables, tftp } = site();
    writeFileSync(join(tables, "mac.csv"), '#node,interface,mac\n"n01",,"no address"\n');
    const { status, output, errors } = nodeset("compute", "osimage");
    expect([status, output, errors]).toEqual([
      1,
      "n02: statelite debian12-x86_64-compute\n",
      'Error: n01: mac.mac: "no address" is no MAC address\n',
    ]);
    expect(readdirSync(join(tftp, "xcat/xnba/nodes")).sort()).toEqual(["n02", "n02.uefi"]);
  });
});
