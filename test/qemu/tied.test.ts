import { expect, test } from "bun:test";
import { tied } from "../../qemu/tied.ts";

test("a program is started by the process that it is tied to, and by no other, as after that one's end", () => {
  const argv = tied("KILL", ["echo", "ran with", "an empty argument:", ""]);
  expect(Bun.spawnSync(argv).stdout.toString()).toBe("ran with an empty argument: \n");
  const other = Bun.spawnSync(["sh", "-c", '"$@"; echo "status $?"', "sh", ...argv]);
  expect(other.stdout.toString()).toBe("status 1\n");
});
