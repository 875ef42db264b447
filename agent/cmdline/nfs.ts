import type { NfsExport } from "./options.ts";
import { BadValue, isIPv6, readHost, refuseControls, splitOutsideBrackets } from "./values.ts";

/** `server[,server…]:/dir`, as in `NFSROOT`. `options` are mount options that come from elsewhere. */
export function readExport(text: string, options: readonly string[] = []): NfsExport {
  const { servers, rest } = splitServers(text);
  return { servers, directory: readDirectory(rest), options };
}

/**
 * `nfs:server:/dir[:options]` and `nfs4:…`, the value of `root=` as dracut.cmdline(7) documents it.
 * `nfs4` becomes the option `vers=4`, which as in nfs(5) leaves the minor version open.
 */
export function readNfsRoot(text: string): NfsExport {
  const colon = text.indexOf(":");
  const { servers, rest } = splitServers(text.slice(colon + 1));
  const optionsAt = rest.indexOf(":");
  const directory = readDirectory(optionsAt < 0 ? rest : rest.slice(0, optionsAt));
  const options = optionsAt < 0 ? [] : readMountOptions(rest.slice(optionsAt + 1));
  const version4 =
    text.slice(0, colon) === "nfs4" && !options.some((o) => /^(?:(?:nfs)?vers=|v[234](?:\.|$))/.test(o));
  return { servers, directory, options: version4 ? [...options, "vers=4"] : options };
}

/**
 * Mount options as words. `ro` and `rw` are left out: whether a mount may be written to follows from what it is
 * for (semantics section 6), not from the command line.
 */
export function readMountOptions(text: string): readonly string[] {
  refuseControls(text);
  const words = text.split(",").filter((word) => word !== "" && word !== "ro" && word !== "rw");
  const odd = words.find((word) => /\s/.test(word));
  if (odd !== undefined) throw new BadValue(`the mount option "${odd}" has a blank in it`);
  return words;
}

/** `rest` is what follows the colon after the servers. */
function splitServers(text: string): { servers: readonly string[]; rest: string } {
  const bare = text.slice(0, text.indexOf(":/"));
  if (isIPv6(bare)) {
    throw new BadValue(`the IPv6 address ${bare} stands without brackets`, `write [${bare}]:/dir`);
  }
  const [list = "", ...others] = splitOutsideBrackets(text, ":");
  if (others.length === 0) {
    throw new BadValue(list.startsWith("/") ? "the server is missing" : "the directory is missing");
  }
  return { servers: splitOutsideBrackets(list, ",").map(readHost), rest: others.join(":") };
}

/** An absolute path, given back without doubled and trailing slashes. */
function readDirectory(text: string): string {
  refuseControls(text);
  if (!text.startsWith("/")) throw new BadValue(`the directory "${text}" is not absolute`);
  // NFS_MAXPATHLEN in the kernel's nfs headers, for version 3's mount protocol.
  if (text.length > 1024)
    throw new BadValue(`the directory is ${text.length} characters long, 1024 are allowed`);
  const parts = text.split("/").filter((part) => part !== "");
  if (parts.some((part) => part === "." || part === "..")) {
    throw new BadValue(`the directory "${text}" has a "." or ".." in it`);
  }
  return `/${parts.join("/")}`;
}
