import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CpioEntry, cpioArchive } from "../../initramfs/cpio.ts";
import { openHost } from "../bench/place.ts";
import { out } from "../paths.ts";
import type { Accelerator } from "./arguments.ts";
import { switchOn } from "./machine.ts";

/** A guest on a working KVM needs a second or two; one that hangs is not worth more waiting. */
const TRIAL_SECONDS = 15;
const SIGN_OF_LIFE = "statelite-trial-guest-alive";

/**
 * Which accelerator guests run on. `/dev/kvm` may be there and open, and a guest on it hang or die all the same (nested
 * virtualisation): so a guest is started on it. The answer is kept in `out/`, for as long as the host runs.
 *
 * @param kernel bzImage for the trial
 */
export async function chooseAccelerator(kernel: string): Promise<Accelerator> {
  if (!canOpenKvm()) return "tcg";
  const file = join(out, "accelerator.json");
  const host = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  const known = recall(file, host);
  if (known !== undefined) return known;
  const accelerator = (await trialGuestLives(kernel)) ? "kvm" : "tcg";
  writeFileSync(file, `${JSON.stringify({ host, accelerator })}\n`);
  console.log(
    `accelerator: ${accelerator} (a trial guest on KVM ${accelerator === "kvm" ? "ran" : "did not run"})`,
  );
  return accelerator;
}

function canOpenKvm(): boolean {
  try {
    readFileSync("/dev/kvm", { flag: "r+" }).length;
    return true;
  } catch (error) {
    // Reading it is refused with EINVAL once it could be opened; ENOENT, EACCES and the like come from open(2).
    return error instanceof Error && "code" in error && error.code === "EINVAL";
  }
}

function recall(file: string, host: string): Accelerator | undefined {
  try {
    const answer: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof answer !== "object" || answer === null) return undefined;
    if (!("host" in answer && "accelerator" in answer) || answer.host !== host) return undefined;
    return answer.accelerator === "kvm" || answer.accelerator === "tcg" ? answer.accelerator : undefined;
  } catch {
    return undefined; // Not tried yet, or not to be read: try again.
  }
}

/** Two processors, as the hang may be in the one waking the other. */
async function trialGuestLives(kernel: string): Promise<boolean> {
  const directory = join(out, "bench", `kvm-trial.${process.pid}`);
  mkdirSync(directory, { recursive: true });
  const initrd = join(directory, "trial.cpio");
  writeFileSync(initrd, cpioArchive(trialMembers()));
  const place = openHost();
  const machine = switchOn(
    place,
    {
      name: "kvm-trial",
      accelerator: "kvm",
      processors: 2,
      memory: 256,
      medium: { kind: "kernel", kernel, initrd, parameters: ["console=ttyS0", "panic=-1"] },
      cards: [],
      disks: [],
      reportFile: join(directory, "trial.report"),
    },
    directory,
    "trial",
  );
  try {
    await machine.console.waitFor(new RegExp(`^${SIGN_OF_LIFE}`), TRIAL_SECONDS);
    await machine.exited(TRIAL_SECONDS);
    return true;
  } catch {
    return false; // However it fails, KVM is of no use here; the transcript is of a guest of no interest.
  } finally {
    await place.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function trialMembers(): CpioEntry[] {
  const script = [
    "#!/bin/busybox sh",
    `echo ${SIGN_OF_LIFE} >/dev/console`,
    "/bin/busybox poweroff -f",
    "",
  ].join("\n");
  return [
    { path: "bin/busybox", mode: 0o755, kind: "file", data: readFileSync("/bin/busybox") },
    { path: "init", mode: 0o755, kind: "file", data: Buffer.from(script) },
    { path: "dev/console", mode: 0o600, kind: "character", major: 5, minor: 1 },
  ];
}
