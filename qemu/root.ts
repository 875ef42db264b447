import { BenchError } from "./problem.ts";

/**
 * Goes on as root: serving files by their handles, namespaces and taps need it. Where this is not root already, the
 * program is started again by sudo, and this process ends with its exit status.
 */
export async function becomeRoot(): Promise<void> {
  if (process.getuid?.() === 0) return;
  if (Bun.which("sudo") === null) {
    throw new BenchError({
      doing: "start the bench",
      on: process.argv.slice(1).join(" "),
      found: "this is not root, and there is no sudo",
      remedy: "run it as root: an NFS server that serves a root image reads files of every owner",
    });
  }
  const sudo = process.stdin.isTTY ? ["sudo"] : ["sudo", "-n"];
  const again = Bun.spawn(
    [...sudo, "env", `PATH=${process.env["PATH"] ?? ""}`, process.execPath, ...process.argv.slice(1)],
    {
      stdio: ["inherit", "inherit", "inherit"],
    },
  );
  process.exit(await again.exited);
}
