import { readExport, readMountOptions, readNfsRoot } from "./nfs.ts";
import type { NfsExport, RootSource } from "./options.ts";
import { PARAMETERS } from "./parameters.ts";
import type { ParameterReader } from "./reader.ts";
import { readHttpUrl } from "./servers.ts";
import { BadValue } from "./values.ts";

/** Whether an image has to be named, or somebody else has mounted it already. */
export type RootRule = "needed" | "mounted";

/**
 * xCAT writes one of the three. Where there are more, `imgurl` and then `NFSROOT` come first: they mean nothing to
 * anyone else, while a `root=` may stem from a boot loader that adds its own.
 */
export function readRoot(reader: ParameterReader, rule: RootRule): RootSource | undefined {
  const given = (["imgurl", "NFSROOT", "root"] as const).filter((name) => reader.value(name) !== undefined);
  const [chosen, ...others] = given.filter((name) => name !== "root" || isNfsRoot(reader.value(name)));
  for (const name of others) {
    reader.note(
      { name, value: reader.value(name) ?? "" },
      `${chosen} goes before it`,
      "leave one of them out",
    );
  }
  if (chosen === "imgurl") {
    const url = reader.read("imgurl", (text) => readHttpUrl(text).href);
    return url === undefined ? undefined : { kind: "ramdisk", url };
  }
  if (chosen !== undefined) {
    const nfs = reader.read(chosen, chosen === "root" ? readNfsRoot : (text) => readExport(text));
    if (nfs === undefined) return undefined;
    // Only NFSROOT names the directory above.
    const appendRootimg = chosen === "NFSROOT" && !nfs.directory.endsWith("/rootimg");
    return { kind: "nfs", export: nfs, appendRootimg };
  }
  if (rule === "mounted") return { kind: "mounted" };
  const found = "no image is named: there is no NFSROOT, root=nfs:… or imgurl";
  reader.refuse(reader.last("root") ?? { name: "NFSROOT", value: "" }, found, PARAMETERS.NFSROOT.remedy);
  return undefined;
}

function isNfsRoot(value: string | undefined): boolean {
  return value !== undefined && /^nfs4?:/.test(value);
}

/** `STATEMNT` with `MNTOPTS`; nothing where the node keeps no state. */
export function readState(reader: ParameterReader): NfsExport | undefined {
  const options = reader.read("MNTOPTS", readMountOptions) ?? [];
  if (/(?:^|,)ro(?:,|$)/.test(reader.value("MNTOPTS") ?? "")) {
    const remedy = PARAMETERS.MNTOPTS.remedy;
    reader.note(
      { name: "MNTOPTS", value: reader.value("MNTOPTS") ?? "" },
      "state is never mounted ro",
      remedy,
    );
  }
  return reader.read("STATEMNT", (text) => readStateExport(text, options));
}

/** `server:/dir` of the persistent area. @throws BadValue */
export function readStateExport(text: string, options: readonly string[]): NfsExport {
  if (text.includes("$")) throw new BadValue("a variable in it was not replaced");
  if (/^[^/]*:\d+$/.test(text)) {
    throw new BadValue(
      "a number stands where the directory should be, as a bug in one of xCAT's plug-ins writes it",
      "set statemnt for this node in the statelite table, then run nodeset again; until then leave STATEMNT empty",
    );
  }
  const state = readExport(text, options);
  // Two servers would be two states, and which one a boot sees would be chance.
  if (state.servers.length > 1) throw new BadValue("several servers are named, state has one");
  return state;
}
