import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXPORTS } from "../../../qemu/lab.ts";
import { out } from "../../../qemu/paths.ts";
import { type Fault, testFaults } from "../fault.ts";

/** The image is not what it has to be, a source is missing, or the machine is small. */
const FAULTS: readonly Fault[] = [
  {
    fault: "liteimg was never run for the image",
    ...bareImage("no-liteimg", ["dev", "proc", "sys", "etc"]),
    outcome: { kind: "fails", on: "/.statelite in the image", found: /no such directory/, remedy: /liteimg/ },
  },
  {
    fault: "a read-only file of the tables has no place in the image",
    ...bareImage("no-target", ["dev", "proc", "sys", "etc", ".statelite", ".default/etc/demo"]),
    tables: (folder) => onlyRow(folder, '"ALL","/etc/demo/fixed.conf","ro",,'),
    outcome: { kind: "fails", on: "/etc/demo/fixed.conf", found: /image/, remedy: /liteimg/ },
  },
  {
    fault: "the image has no /sbin/init",
    ...bareImage("no-init", ["dev", "proc", "sys", "etc", "tmp", ".statelite", ".default/tmp"]),
    tables: (folder) => onlyRow(folder, '"ALL","/tmp/","tmpfs",,'),
    outcome: {
      kind: "fails",
      doing: "find the real init",
      on: "/sbin/init in the image",
      found: /no such file/i,
      remedy: "build the image with an init",
    },
  },
  {
    fault: "a source cannot be mounted, and no row needs it",
    tables: (folder) => firstSource(folder, "10.0.0.99:/nosuch"),
    parameters: { "statelite.source_timeout": "6" },
    outcome: {
      kind: "boots",
      says: /source problem.*10\.0\.0\.99:\/nosuch.*/,
      problems: ["source-mount"],
    },
  },
  {
    fault: "the only source of a read-only row cannot be mounted",
    tables: (folder) => {
      writeFileSync(join(folder, "litetree.csv"), `${LITETREE}"1",,"10.0.0.1:/nosuch",,,\n`);
      onlyRow(folder, '"ALL","/etc/demo/fixed.conf","ro",,');
    },
    ...bareImage(
      "no-source",
      ["dev", "proc", "sys", "etc/demo", ".statelite", ".default"],
      ["etc/demo/fixed.conf"],
    ),
    parameters: { "statelite.source_timeout": "6" },
    outcome: { kind: "fails", on: "10.0.0.1:/nosuch", found: /does not exist/ },
  },
  {
    fault: "the machine has 512 MB of memory",
    hardware: { memory: 512 },
    outcome: { kind: "boots", says: /8\/8|starting \/sbin\/init/ },
  },
  {
    fault: "a directory of the tables is larger than the machine's memory",
    hardware: { memory: 512 },
    before: (lab) => Bun.write(`${lab.sources.common}/srv/scratch/huge`, Buffer.alloc(600 * 2 ** 20, "x")),
    outcome: { kind: "fails", found: /\/srv\/scratch/, remedy: /overlay/ },
  },
];

const LITETREE = "#priority,image,directory,mntopts,comments,disable\n";

/** An image with nothing but these folders and empty files. */
function bareImage(
  name: string,
  folders: readonly string[],
  files: readonly string[] = [],
): Pick<Fault, "exports"> {
  const directory = join(out, "test", "images", name);
  return {
    exports: (all) => {
      rmSync(directory, { recursive: true, force: true });
      for (const folder of folders) mkdirSync(join(directory, "rootimg", folder), { recursive: true });
      for (const file of files) writeFileSync(join(directory, "rootimg", file), "");
      return all.map((each) => (each.path === EXPORTS.image ? { ...each, directory } : each));
    },
  };
}

function onlyRow(folder: string, row: string): void {
  writeFileSync(join(folder, "litefile.csv"), `#image,file,options,comments,disable\n${row}\n`);
}

function firstSource(folder: string, directory: string): void {
  const rows = ['"1",,"10.0.0.1:/statelite/$node",,,', '"2",,"10.0.0.1:/syncdirs/common",,,'];
  writeFileSync(
    join(folder, "litetree.csv"),
    `${LITETREE}${[...rows, `"3",,"${directory}",,,`].map((row) => `${row}\n`).join("")}`,
  );
}

testFaults(import.meta.path, FAULTS);
