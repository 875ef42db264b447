import type { ServerAddress } from "./options.ts";
import { BadValue, readHost, readPort, splitOutsideBrackets } from "./values.ts";

/** xcatd's port (`site.xcatdport`). */
const XCATD_PORT = 3001;

/** `host[:port]`, `[v6][:port]` and `http(s)://…`, one or several with commas between. */
export function readServers(text: string): readonly ServerAddress[] {
  return splitOutsideBrackets(text, ",")
    .map((item) => item.trim())
    .map(readServer);
}

function readServer(text: string): ServerAddress {
  if (/^https?:/i.test(text)) return { protocol: "json", url: readUrl(text).href };
  const [host = "", port, ...more] = splitOutsideBrackets(text, ":");
  if (more.length > 0)
    throw new BadValue(`"${text}" has too many colons`, "write an IPv6 address in brackets");
  return {
    protocol: "xcatd",
    host: readHost(host),
    port: port === undefined || port === "" ? XCATD_PORT : readPort(port),
  };
}

/** An address to ask; a password in it would be readable by every user of the node, in `/proc/cmdline`. */
function readUrl(text: string): URL {
  const url = readHttpUrl(text);
  if (url.username !== "" || url.password !== "") {
    throw new BadValue("there is a user name or password in the address", "leave it out");
  }
  if (url.hash !== "") throw new BadValue("there is a fragment (#…) in the address");
  // Paths are put behind it.
  if (text.includes("?"))
    throw new BadValue("there is a question mark in the address", "leave out what follows it");
  return url;
}

export function readHttpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || !/^https?:\/\/[^/]/i.test(text)) {
    throw new BadValue("it is no http:// or https:// address");
  }
  return url;
}
