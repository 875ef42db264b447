/** Readers of single values. Each gives back the checked value or throws {@link BadValue}. */

/** A value that cannot be what it should be; caught where the parameter's name is known. */
export class BadValue extends Error {
  override readonly name = "BadValue";
  /** Takes the place of the parameter's usual remedy, where the cause is plain. */
  readonly remedy: string | undefined;

  constructor(found: string, remedy?: string) {
    super(found);
    this.remedy = remedy;
  }
}

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

/** Four decimal numbers; a leading zero is refused, because half of the world reads it as octal. */
export function isIPv4(text: string): boolean {
  return IPV4.test(text);
}

/** RFC 4291 text form, with a zone (`fe80::1%eth0`) or without. */
export function isIPv6(text: string): boolean {
  const address = text.replace(/%[\w.-]{1,15}$/, "");
  return /^[0-9a-f:.]{2,45}$/i.test(address) && URL.canParse(`http://[${address}]/`);
}

/** An IPv4 or IPv6 address, the latter with or without brackets; given back without. */
export function readAddress(text: string): string {
  const address = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  if (!isIPv4(address) && !isIPv6(address)) throw new BadValue(`"${text}" is no IP address`);
  return address;
}

/**
 * A host name (RFC 1123, underscores let through because sites have them), an IPv4 address, or an IPv6 address
 * in brackets, which are taken off.
 */
export function readHost(text: string): string {
  if (text === "") throw new BadValue("the server's name is missing");
  if (text.startsWith("[")) {
    const inner = text.slice(1, -1);
    if (text.endsWith("]") && isIPv6(inner)) return inner;
    throw new BadValue(`"${text}" is no IPv6 address in brackets`);
  }
  if (isIPv6(text)) throw new BadValue(`the IPv6 address ${text} stands without brackets`, `write [${text}]`);
  if (/^[\d.]+$/.test(text) && !isIPv4(text)) throw new BadValue(`"${text}" is no IPv4 address`);
  if (!isHostName(text)) throw new BadValue(`"${text}" is neither a host name nor an address`);
  return text;
}

/** Whether {@link readHost} takes it. */
export function isHost(text: string): boolean {
  try {
    return readHost(text) !== "";
  } catch (error) {
    if (error instanceof BadValue) return false;
    throw error;
  }
}

export function isHostName(text: string): boolean {
  return text.length <= 253 && /^\w(?:[\w-]{0,61}\w)?(?:\.\w(?:[\w-]{0,61}\w)?)*$/.test(text);
}

export function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) throw new BadValue(`"${text}" is no port from 1 to 65535`);
  return port;
}

/** Six octets, with colons or dashes; given back in lower case with colons. */
export function readMac(text: string): string {
  if (!/^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(text)) {
    throw new BadValue(`"${text}" is no MAC address of six octets`);
  }
  return text.toLowerCase().replaceAll("-", ":");
}

/** A name that the kernel takes for an interface: dev_valid_name() in net/core/dev.c. */
export function readInterfaceName(text: string): string {
  if (!/^[!-.0-9;-~]{1,15}$/.test(text) || text === "." || text === "..") {
    throw new BadValue(`"${text}" is no interface name`);
  }
  return text;
}

/** `name` alone and `name=1` say yes, `name=0` says no. */
export function readFlag(text: string | undefined): boolean {
  if (text === undefined || /^(?:1|yes|true|on)$/i.test(text)) return true;
  if (/^(?:|0|no|false|off)$/i.test(text)) return false;
  throw new BadValue(`"${text}" is neither yes nor no`);
}

/** Text that goes into a file name, a mount or a log: no control characters. */
export function refuseControls(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new BadValue("it holds control characters");
}

/** Cuts at `separator` outside of square brackets, so that an IPv6 address stays whole. */
export function splitOutsideBrackets(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let begin = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "[") depth++;
    else if (text[i] === "]") depth--;
    else if (text[i] === separator && depth <= 0) {
      parts.push(text.slice(begin, i));
      begin = i + 1;
    }
  }
  parts.push(text.slice(begin));
  return parts;
}
