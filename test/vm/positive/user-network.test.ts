import { expect, test } from "bun:test";
import { join } from "node:path";
import { prepare } from "../../../qemu/prepare.ts";
import "../lab-note.ts";

test("a node boots by root=nfs: with options, where no bridge can be made and the host has only its loopback", async () => {
  await prepare(); // Where there still is a network to fetch things from.
  const script = join(import.meta.dirname, "boot-on-user-network.ts");
  const inside = Bun.spawn(
    ["unshare", "--net", "sh", "-c", `ip link set lo up && exec "$0" "$1"`, process.execPath, script],
    {
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  const lines = (await new Response(inside.stdout).text()).trim().split("\n");
  expect(await inside.exited).toBe(0);
  const { agent, guest } = JSON.parse(lines.at(-1) ?? "");
  expect(agent.image).toBe("10.0.2.2:/install/netboot/debian12/x86_64/compute/rootimg");
  expect(agent.problems).toEqual([]);
  expect(guest.multiUser.trim()).toBe("active");
  expect(guest.failedUnits).toBe("");
  expect(guest.contents["/etc/motd"]).toBe("This is n01.\nWelcome to the cluster.\n");
});
