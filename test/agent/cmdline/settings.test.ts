import { expect, test } from "bun:test";
import type { Settings } from "../../../agent/cmdline/options.ts";
import { parseCommandLine } from "../../../agent/cmdline/parse.ts";
import {
  defaultSettings,
  formatSettingsTable,
  SETTING_KEYS,
  SETTINGS,
} from "../../../agent/cmdline/settings.ts";

function settingsOf(text: string): Settings {
  const parsed = parseCommandLine(`NFSROOT=s:/i XCAT=mn ${text}`);
  if (!parsed.ok) throw new Error(parsed.problems.map((p) => p.found).join("\n"));
  return parsed.options.settings;
}

const rows: readonly [text: string, part: Partial<Settings>][] = [
  ["statelite.strict=1", { strict: "all" }],
  ["statelite.strict=0", { strict: "none" }],
  ["statelite.strict=1 statelite.strict=default", { strict: "default" }],
  ["statelite.tmpfs=overlay", { tmpfs: "overlay" }],
  ["statelite.tmpfs=overlay statelite.tmpfs=copy", { tmpfs: "copy" }],
  ["statelite.reseed=replace-unmodified", { reseed: "replace-unmodified" }],
  ["statelite.onfail=halt", { onfail: "halt" }],
  ["statelite.onfail_delay=0", { onfailDelay: 0 }],
  ["statelite.onfail-delay=3", { onfailDelay: 3 }],
  ["statelite.deadline=0", { deadline: 0 }],
  ["statelite.watchdog=soft", { watchdog: "soft" }],
  ["statelite.watchdog=keep", { watchdog: "keep" }],
  ["statelite.link_timeout=1", { linkTimeout: 1 }],
  ["statelite.dhcp_timeout=2", { dhcpTimeout: 2 }],
  ["statelite.dns_timeout=3", { dnsTimeout: 3 }],
  ["statelite.mount_timeout=4", { mountTimeout: 4 }],
  ["statelite.source_timeout=5", { sourceTimeout: 5 }],
  ["statelite.query_timeout=86400", { queryTimeout: 86_400 }],
  ["statelite.tls=insecure", { tls: "insecure" }],
  ["statelite.report=/dev/virtio-ports/statelite.report", { report: "/dev/virtio-ports/statelite.report" }],
];

test.each(rows)("setting: %s", (text, part) => {
  expect(settingsOf(text)).toEqual({ ...defaultSettings(), ...part });
});

test("every setting has a row above", () => {
  const tried = new Set(rows.flatMap(([, part]) => Object.keys(part)));
  expect([...tried].toSorted()).toEqual([...SETTING_KEYS].toSorted());
});

test("the waits of one boot end before its deadline does, so that the step that failed is named", () => {
  const s = defaultSettings();
  const waits =
    s.linkTimeout + s.dhcpTimeout + s.dnsTimeout + s.queryTimeout + 2 * s.mountTimeout + s.sourceTimeout;
  expect(waits).toBeLessThan(s.deadline);
});

test("the README's table has a row of four cells for each setting", () => {
  const [head, rule, ...lines] = formatSettingsTable().split("\n");
  expect([head, rule]).toEqual(["| setting | takes | default | meaning |", "|---|---|---|---|"]);
  expect(lines.map((line) => line.split("|").length)).toEqual(SETTING_KEYS.map(() => 6));
  for (const key of SETTING_KEYS) expect(lines.join("\n")).toContain(`| \`${SETTINGS[key].name}\` |`);
});
