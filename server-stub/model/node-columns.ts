/**
 * Which column of the tables an attribute of a node is, by the names that `lsdef` and `chdef` have and dynamic groups
 * (`nodegroup.wherevals`) are written with: those that people choose nodes by.
 */
const columns: Readonly<Record<string, readonly string[]>> = {
  nodelist: ["groups", "status", "appstatus", "primarysn", "hidden", "updatestatus", "zonename"],
  nodetype: ["os", "arch", "profile", "provmethod", "supportedarchs", "nodetype"],
  noderes: [
    ...["servicenode", "netboot", "tftpserver", "tftpdir", "nfsserver", "nfsdir", "monserver", "installnic"],
    ...["primarynic", "xcatmaster", "nameservers"],
  ],
  nodehm: ["power", "mgt", "cons", "termserver", "termport", "conserver", "serialport", "serialspeed"],
  nodepos: ["rack", "u", "chassis", "slot", "room", "height"],
  hosts: ["ip", "hostnames"],
  mac: ["mac"],
  bootparams: ["kernel", "initrd", "kcmdline", "addkcmdline"],
};

const otherNames: Readonly<Record<string, string>> = {
  tags: "nodelist.groups",
  unit: "nodepos.u",
  usercomment: "nodelist.comments",
};

const byAttribute: ReadonlyMap<string, string> = new Map([
  ...Object.entries(columns).flatMap(([table, names]) =>
    names.map((name) => [name, `${table}.${name}`] as const),
  ),
  ...Object.entries(otherNames),
]);

/** `table.column`; undefined for an attribute that is not known here. */
export function columnOf(attribute: string): string | undefined {
  return attribute.includes(".") ? attribute : byAttribute.get(attribute);
}
