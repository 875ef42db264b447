import type { Settings } from "./options.ts";
import { BadValue, refuseControls } from "./values.ts";

/** One `statelite.*` setting, as data: the parser and the README's table both come from here. */
export interface Setting<T> {
  /** As it stands on the command line. */
  readonly name: string;
  /** What it takes, for people. */
  readonly takes: string;
  /** The default as it would be written; empty where the setting is off by default. */
  readonly fallback: string;
  readonly help: string;
  /** Throws {@link BadValue}. */
  readonly read: (text: string) => T;
}

type SettingsTable = { readonly [K in keyof Settings]-?: Setting<Settings[K]> };

const DAY = 86_400;

/**
 * All settings. The defaults of the waits add up to less than the default deadline (link 30, DHCP 60, names 15,
 * server 180, image 120, state 120, sources 60: 585 s), so that it is the step that fails which is reported, and
 * the deadline is left for what nobody foresaw.
 */
export const SETTINGS: SettingsTable = {
  strict: {
    name: "statelite.strict",
    ...choice({ "1": "all", "0": "none", default: "default" }, "default"),
    help: "which litefile rows stop the boot when they fail: `1` every one, `0` none, `default` those with `persistent`, `ro` or `localdisk`",
  },
  tmpfs: {
    name: "statelite.tmpfs",
    ...choice({ copy: "copy", overlay: "overlay" }, "copy"),
    help: "how directories with `tmpfs` or `link` get their content: `overlay` shows it where it is, and only what is written takes memory",
  },
  reseed: {
    name: "statelite.reseed",
    ...choice({ keep: "keep", report: "report", "replace-unmodified": "replace-unmodified" }, "keep"),
    help: "what becomes of state whose source or default has changed since it was seeded: it stays, without or with a note, or is seeded again where the node has changed nothing of it",
  },
  onfail: {
    name: "statelite.onfail",
    ...choice({ shell: "shell", reboot: "reboot", poweroff: "poweroff", halt: "halt" }, "shell"),
    help: "what happens when the boot fails",
  },
  onfailDelay: {
    name: "statelite.onfail_delay",
    // Long enough to read the four lines on a console, short enough for a rack that reboots by itself.
    ...seconds(0, 10),
    help: "how long the message stands before `reboot`, `poweroff` or `halt`",
  },
  deadline: {
    name: "statelite.deadline",
    ...seconds(0, 600),
    help: "how long the boot may take until the real init runs; `0` is no limit",
  },
  watchdog: {
    name: "statelite.watchdog",
    ...choice({ boot: "boot", keep: "keep", soft: "soft", off: "off" }, "boot"),
    help: "the machine's watchdog restarts it where the agent hangs: during the `boot`; `keep` leaves it running for a real init that feeds it; `soft` takes the kernel's own where the machine has none",
  },
  linkTimeout: {
    name: "statelite.link_timeout",
    // The spanning tree protocol keeps a switch port closed for 30 s.
    ...seconds(1, 30),
    help: "how long to wait for a link on the network interface",
  },
  dhcpTimeout: {
    name: "statelite.dhcp_timeout",
    // RFC 2131's retransmissions at 4, 8, 16 and 32 s, once through.
    ...seconds(1, 60),
    help: "how long to ask for an address",
  },
  dnsTimeout: {
    name: "statelite.dns_timeout",
    // Three name servers of which two are down, at the resolver's customary 5 s each.
    ...seconds(1, 15),
    help: "how long to look for the address of one host name",
  },
  mountTimeout: {
    name: "statelite.mount_timeout",
    // An NFS server that reboots is back by then; its grace period (90 s) delays opens, not mounts.
    ...seconds(1, 120),
    help: "how long to try to mount the image, and the state",
  },
  sourceTimeout: {
    name: "statelite.source_timeout",
    // Less than for the image: a boot goes on without a source where a later candidate serves.
    ...seconds(1, 60),
    help: "how long to try to mount each litetree source",
  },
  queryTimeout: {
    name: "statelite.query_timeout",
    // A real xcatd answers 20 requests a second: 3,600 in that time, 1,800 nodes that start together. And ten thousand
    // nodes get through a server's minute of absence (test/agent/xcat/storm.test.ts): within 120 s some did not.
    ...seconds(1, 180),
    help: "how long to ask the servers for the tables",
  },
  tls: {
    name: "statelite.tls",
    ...choice({ verify: "verify", insecure: "insecure" }, "verify"),
    help: "`insecure` takes the tables from a server that cannot prove who it is",
  },
  report: {
    name: "statelite.report",
    takes: "an absolute path",
    fallback: "",
    read: readPath,
    help: "a device or file that gets a copy of `report.json`",
  },
};

/** What the parser looks settings up by. */
export const SETTING_KEYS = Object.keys(SETTINGS) as readonly (keyof Settings)[];

/** Every setting at its default. */
export function defaultSettings(): Settings {
  const defaults = SETTING_KEYS.filter((key) => SETTINGS[key].fallback !== "").map((key) => [
    key,
    SETTINGS[key].read(SETTINGS[key].fallback),
  ]);
  // The keys and the types of the values are those of SettingsTable, which fromEntries cannot see.
  return Object.fromEntries(defaults) as Settings;
}

/** The markdown table of the README, without a newline at its end. */
export function formatSettingsTable(): string {
  const rows = SETTING_KEYS.map((key) => {
    const { name, takes, fallback, help } = SETTINGS[key];
    return `| \`${name}\` | ${takes} | ${fallback === "" ? "none" : `\`${fallback}\``} | ${help} |`;
  });
  return ["| setting | takes | default | meaning |", "|---|---|---|---|", ...rows].join("\n");
}

function seconds(least: number, fallback: number) {
  return {
    takes: `seconds, ${least} to ${DAY}`,
    fallback: String(fallback),
    read: (text: string): number => {
      const value = /^\d{1,5}$/.test(text) ? Number(text) : -1;
      if (value < least || value > DAY) throw new BadValue(`"${text}" is no whole number of that kind`);
      return value;
    },
  };
}

function choice<T>(words: Readonly<Record<string, T>>, fallback: string) {
  const meanings = new Map(Object.entries(words));
  return {
    takes: [...meanings.keys()].map((word) => `\`${word}\``).join(", "),
    fallback,
    read: (text: string): T => {
      const meaning = meanings.get(text);
      if (meaning === undefined) throw new BadValue(`"${text}" is none of these words`);
      return meaning;
    },
  };
}

function readPath(text: string): string {
  refuseControls(text);
  if (!text.startsWith("/") || text.split("/").includes("..")) {
    throw new BadValue(`"${text}" is no absolute path without ".."`);
  }
  return text;
}
