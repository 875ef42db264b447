import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stormNode } from "./client.ts";

/** The cookbook's list has some thirty rows; a site adds its own. */
const LITEFILE_ROWS = 50;

/** Tables with so many nodes of one image, and a hosts file with their addresses. */
export function makeSite(folder: string, nodes: number): { readonly tables: string; readonly hosts: string } {
  const tables = join(folder, "tables");
  const hosts = join(folder, "hosts");
  mkdirSync(tables, { recursive: true });
  const numbers = Array.from({ length: nodes }, (_, number) => stormNode(number));
  const options = ["tmpfs", "link", "persistent", "ro"];
  const contents: Readonly<Record<string, readonly string[]>> = {
    litefile: [
      "#image,file,options,comments,disable",
      ...Array.from({ length: LITEFILE_ROWS }, (_, row) => `"ALL","/etc/file${row}","${options[row % 4]}",,`),
    ],
    litetree: [
      "#priority,image,directory,mntopts,comments,disable",
      '"1.0",,"$noderes.nfsserver:/statelite/$node",,,',
      '"2.0",,"$noderes.nfsserver:/syncdirs/$nodetype.os/$nodetype.profile",,,',
      '"3.0",,"$noderes.nfsserver:/syncdirs/common",,,',
    ],
    nodelist: [
      "#node,groups,status,comments,disable",
      ...numbers.map(({ name }) => `"${name}","compute,all",,,`),
    ],
    noderes: ["#node,nfsserver,comments,disable", '"compute","10.0.0.1",,'],
    nodetype: [
      "#node,os,arch,profile,provmethod,comments,disable",
      '"compute","rhels9","x86_64","compute","statelite",,',
    ],
    policy: [
      "#priority,name,host,commands,noderange,parameters,time,rule,comments,disable",
      '"4.7",,,"litefile",,,,"allow",,',
      '"4.8",,,"litetree",,,,"allow",,',
    ],
    site: ["#key,value,comments,disable", '"domain","cluster.test",,'],
    statelite: ["#node,image,statemnt,mntopts,comments,disable", '"compute",,"10.0.0.1:/lite/state",,,'],
  };
  for (const [name, lines] of Object.entries(contents))
    writeFileSync(join(tables, `${name}.csv`), `${lines.join("\n")}\n`);
  writeFileSync(
    hosts,
    numbers.map(({ name, address }) => `${address} ${name}.cluster.test ${name}\n`).join(""),
  );
  return { tables, hosts };
}
