import { describe, expect, test } from "bun:test";
import { errnoNumber, SystemError } from "../../../agent/kernel/errno.ts";
import { explain, Passing } from "../../../agent/mounts/nfs-failure.ts";

const attempt = { version: "4.2", flags: 0, data: "vers=4.2,bogus" };

describe("what a failed mount means: what was found, what to do, and whether it may pass by itself", () => {
  test.each([
    ["ENOENT", /does not exist on the server, or is not exported/, /exportfs -v/, false],
    ["ENOTDIR", /is no directory on the server/, /move away what is there/, false],
    ["EACCES", /access denied by the server/, /export it to this node's address/, false],
    ["EPERM", /access denied by the server/, /export it to this node's address/, false],
    ["EPROTONOSUPPORT", /does not offer NFS 4\.2/, /enable that version/, false],
    ["ENODEV", /this kernel has no NFS 4\.2/, /modules nfsv3 and nfsv4/, false],
    ["EINVAL", /refuses the mount options "vers=4\.2,bogus"/, /correct the mount options/, false],
    ["ETIMEDOUT", /ETIMEDOUT/, /check that the server is up/, true],
    ["ECONNREFUSED", /ECONNREFUSED/, /check that the server is up/, true],
    ["ESTALE", /ESTALE/, /check that the server is up/, true],
  ])("%s", (code, found, remedy, passes) => {
    const failure = explain(new SystemError("mount(…)", errnoNumber(code)), "mn:/a", attempt, "10.0.0.1");
    expect(failure.message).toMatch(found);
    expect(failure.message).toContain("mn:/a");
    expect(failure.remedy).toMatch(remedy);
    expect(failure instanceof Passing).toBe(passes);
  });
});
