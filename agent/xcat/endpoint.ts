/** One address of one server. */
export interface Endpoint {
  /** As the administrator wrote it: a name or an address. */
  readonly host: string;
  readonly port: number;
  /** The address to connect to; the same as `host` where that is one. */
  readonly address: string;
}

/** What a message calls one address of a server of the JSON protocol: `https://mn:8443/ (10.0.0.1)`. */
export function formatUrl(url: string, { host, address }: Endpoint): string {
  return host === address ? url : `${url} (${address})`;
}

/** `10.0.0.1:3001`, `mn:3001 (10.0.0.1)`, `[fe80::1]:3001`. */
export function formatEndpoint({ host, port, address }: Endpoint): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  return host === address ? `${shown}:${port}` : `${shown}:${port} (${address})`;
}
