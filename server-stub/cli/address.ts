import type { Address } from "../serve/listener.ts";
import { UsageError } from "./command.ts";

/**
 * `HOST:PORT`, `[V6]:PORT` or `:PORT` for all addresses.
 *
 * @throws UsageError
 */
export function parseAddress(text: string, option: string): Address {
  const [, v6, host = "", port = ""] = /^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:]*)):(\d{1,5})$/.exec(text) ?? [];
  if (port === "" || Number(port) > 65_535)
    throw new UsageError(`${option} ${text}: HOST:PORT expected, such as 0.0.0.0:3001 or [::]:3001`);
  return { host: v6 ?? (host === "" ? "::" : host), port: Number(port) };
}
