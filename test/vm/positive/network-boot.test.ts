import { expect, test } from "bun:test";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../qemu/command.ts";
import { benchParameters, formatParameters } from "../../../qemu/parameters.ts";
import { built } from "../../../qemu/paths.ts";
import { IMAGE_NAME } from "../../../qemu/prepare.ts";
import { BOOT_SECONDS, isAgentReport, isGuestFindings, openLab } from "../lab-note.ts";

test("a machine with nothing but a network card boots what nodeset wrote, and says so to the install monitor", async () => {
  await using lab = await openLab({ name: "network-boot", tftp: true, tables: addBenchParameters });
  const nodeset = [built.server, "nodeset", "--tables", lab.tables, "--tftp", lab.tftp];
  expect(await run([...nodeset, "n01", `osimage=${IMAGE_NAME}`], { seconds: 30 })).toBe(
    "n01: statelite debian12-x86_64-compute\n",
  );
  const n01 = lab.bootFromNetwork("n01");
  const agent = await n01.reports.waitFor(isAgentReport, 2 * BOOT_SECONDS);
  const guest = await n01.reports.waitFor(isGuestFindings, BOOT_SECONDS);
  expect(agent.node).toBe("n01");
  expect(agent.problems).toEqual([]);
  expect(guest.contents["/etc/motd"]).toBe("This is n01.\nWelcome to the cluster.\n");
  const stub = lab.service("stub").output();
  expect(stub).toMatch(/10\.0\.0\.11: boot file \/tftpboot\/xcat\/osimage\/\S+\/kernel: \d+ bytes/);
  expect(stub).toMatch(
    /10\.0\.0\.11: boot file \/tftpboot\/xcat\/osimage\/\S+\/initrd-statelite\.gz: \d+ bytes/,
  );
  expect(lab.service("dhcp").output()).toContain("/xcat/xnba/nodes/n01 to 10.0.0.11");
  expect(stub).toContain("monitor: n01: netbooting");
  const nodelist = readFileSync(join(lab.tables, "nodelist.csv"), "utf8");
  expect(nodelist).toMatch(/^"n01","all,compute","booting","[-\d]{10} [:\d]{8}",/m);
});

/** A console to read and a way for reports: on a cluster such things stand in bootparams, too. */
function addBenchParameters(folder: string): void {
  const words = formatParameters(benchParameters).join(" ");
  writeFileSync(
    join(folder, "bootparams.csv"),
    "#node,kernel,initrd,kcmdline,addkcmdline,dhcpstatements,adddhcpstatements,comments,disable\n",
  );
  appendFileSync(join(folder, "bootparams.csv"), `"compute",,,,"${words}",,,,\n`);
}
