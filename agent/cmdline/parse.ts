import invariant from "tiny-invariant";
import type { Problem } from "../errors.ts";
import { noteMisplaced, readInit } from "./init.ts";
import { readNetwork } from "./network.ts";
import type { BootOptions, ServerAddress, Settings } from "./options.ts";
import { PARAMETERS, SETTING_REMEDY } from "./parameters.ts";
import { ParameterReader } from "./reader.ts";
import { type RootRule, readRoot, readState } from "./root.ts";
import { readServers } from "./servers.ts";
import { defaultSettings, SETTING_KEYS, SETTINGS } from "./settings.ts";
import { BadValue, isHostName, readFlag, readHost, readPort } from "./values.ts";
import { splitCommandLine } from "./words.ts";

export type ParsedCommandLine =
  | { readonly ok: true; readonly options: BootOptions; readonly notes: readonly Problem[] }
  | {
      readonly ok: false;
      readonly problems: readonly [Problem, ...Problem[]];
      readonly notes: readonly Problem[];
      /** As far as they could be read, so that the failure policy that was asked for runs. */
      readonly settings: Settings;
    };

/**
 * The text of `/proc/cmdline` as boot options (semantics section 3). The last occurrence of a parameter wins, an
 * unknown one is ignored, and all that is wrong is reported at once. With `root: "mounted"` no image need be named.
 */
export function parseCommandLine(
  text: string,
  asked: { readonly root: RootRule } = { root: "needed" },
): ParsedCommandLine {
  const line = splitCommandLine(text);
  const reader = new ParameterReader(line.parameters);
  const settings = readSettings(reader);
  const root = readRoot(reader, asked.root);
  const state = readState(reader);
  const servers = reader.read("XCAT", readServers) ?? refuseMissing(reader, "XCAT");
  if (servers !== undefined) refuseUnproven(reader, servers, settings);
  const node = reader.read("NODE", readNodeName);
  const network = readNetwork(reader);
  const options = readOthers(reader);
  const init = readInit(reader, line);
  noteMisplaced(reader, line.afterDashes);

  const { problems, notes } = reader;
  const [first, ...others] = problems;
  if (first !== undefined) return { ok: false, problems: [first, ...others], notes, settings };
  invariant(root !== undefined && servers !== undefined, "what is missing is a problem");
  const stateFromServer = reader.last("STATEMNT") === undefined;
  const given = { ...(state && { state }), stateFromServer, ...(node !== undefined && { node }) };
  return { ok: true, options: { root, servers, ...given, network, ...options, init, settings }, notes };
}

function readSettings(reader: ParameterReader): Settings {
  let settings = defaultSettings();
  for (const key of SETTING_KEYS) {
    const { name, takes, read } = SETTINGS[key];
    const parameter = reader.parameters.findLast((p) => settingName(p.name) === name);
    if (parameter === undefined) continue;
    const value = reader.attemptAs<unknown>(parameter, takes, SETTING_REMEDY, read);
    if (value !== undefined) settings = { ...settings, [key]: value };
  }
  const known = new Set(SETTING_KEYS.map((key) => SETTINGS[key].name));
  for (const parameter of reader.parameters) {
    if (!parameter.name.startsWith("statelite.") || known.has(settingName(parameter.name))) continue;
    const names = [...known].map((name) => name.slice("statelite.".length)).join(", ");
    reader.note(
      parameter,
      "there is no such setting; it is ignored",
      `the settings are statelite.{${names}}`,
    );
  }
  return settings;
}

/** A dash counts as an underscore, as in the kernel's own parameters: `statelite.onfail-delay`. */
function settingName(name: string): string {
  return name.startsWith("statelite.") ? name.replaceAll("-", "_") : name;
}

function refuseMissing(reader: ParameterReader, name: "XCAT"): undefined {
  const { takes, remedy } = PARAMETERS[name];
  if (reader.value(name) === undefined)
    reader.refuse({ name, value: "" }, `it is missing; expected: ${takes}`, remedy);
  return undefined;
}

/** Whoever is at the other end of plain HTTP cannot prove who it is, which has to be asked for. */
function refuseUnproven(reader: ParameterReader, servers: readonly ServerAddress[], { tls }: Settings): void {
  const plain = servers.find((server) => server.protocol === "json" && server.url.startsWith("http:"));
  if (plain === undefined || tls === "insecure") return;
  const found = "over http:// a server cannot prove who it is";
  const remedy = "write https://; or, with all that it means, boot with statelite.tls=insecure";
  reader.refuse({ name: "XCAT", value: reader.value("XCAT") ?? "" }, found, remedy);
}

/** The name becomes a directory of the state area and a part of messages. */
function readNodeName(text: string): string {
  if (!isHostName(text)) throw new BadValue(`"${text}" is no node name`);
  return text;
}

/** The parameters that concern nobody else. */
function readOthers(reader: ParameterReader) {
  const silent = readWord(reader, "nonodestatus");
  const port = reader.read("XCATIPORT", readPort) ?? 3002;
  const logServer = reader.read("LOGSERVER", readHost);
  const rootLimit = reader.read("rootlimit", readSize);
  return {
    ...(!silent && { monitorPort: port }),
    debug: reader.read("xcatdebugmode", readDebug) ?? (0 as const),
    ...(logServer !== undefined && { logServer }),
    shell: readWord(reader, "shell"),
    ...(rootLimit !== undefined && { rootLimit }),
    partition: reader.parameters.some((p) => /^PARTITION_(?:RH|SLES|DOMOUNT_\w+)$/.test(p.name)),
  };
}

function readWord(reader: ParameterReader, name: "shell" | "nonodestatus"): boolean {
  const parameter = reader.last(name);
  if (parameter === undefined) return false;
  return reader.attempt(name, parameter.value ?? "1", readFlag) ?? false;
}

function readDebug(text: string): 0 | 1 | 2 {
  if (text !== "0" && text !== "1" && text !== "2") throw new BadValue(`"${text}" is none of these`);
  return text === "0" ? 0 : text === "1" ? 1 : 2;
}

function readSize(text: string): string {
  if (!/^[1-9]\d{0,14}[kmg%]?$/i.test(text)) throw new BadValue(`"${text}" is no size`);
  return text;
}
