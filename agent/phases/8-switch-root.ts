import {
  closeSync,
  constants,
  promises as fs,
  lstatSync,
  openSync,
  readdirSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { chdir } from "node:process";
import type { BootContext, Phase } from "../context.ts";
import { fatal } from "../errors.ts";
import { MS, O } from "../kernel/constants.ts";
import { errorReason } from "../kernel/errno.ts";
import { livesInMemory, mount } from "../kernel/mount.ts";
import { chroot, exec } from "../kernel/process.ts";
import { peakMemory } from "../observe/memory.ts";
import { fdPath, type Root } from "../observe/root.ts";
import { LAYOUT } from "../plan/layout.ts";
import { toJson } from "../report/json.ts";
import type { Applied } from "../state.ts";
import { tellBooted } from "../syslog/outcome.ts";

/** Mounts of the initramfs that the real system goes on with. /proc is last: the others are reached through its fd links. */
const MOVED = ["dev", "sys", "proc"];

/**
 * Hands over to the real init as switch_root(8) does. Everything that could still fail is checked while there
 * is a shell to fall back on; then the mounts move, the root changes, the initramfs is emptied, and exec.
 */
export const switchToRoot: Phase<Applied, never> = {
  name: "switch-root",
  async run(applied, context) {
    const { root, options } = applied;
    checkPlace(root);
    await checkInit(root, options.init.path);
    for (const name of MOVED) {
      await root.with({ tree: "/", path: `/${name}` }, O.PATH | O.DIRECTORY | O.NOFOLLOW, async (fd) =>
        mount(`/${name}`, fdPath(fd), "", MS.MOVE, ""),
      );
    }
    await root.close();
    const old = openSync("/", O.RDONLY | O.DIRECTORY | O.CLOEXEC);
    chdir(root.path);
    mount(".", "/", "", MS.MOVE, "");
    chroot(".");
    chdir("/");
    const freed = emptyDirectory(old);
    closeSync(old);
    context.log.detail(
      `switch_root: ${freed.files} files of the initramfs removed, ${freed.bytes} bytes free again`,
    );
    await finish(applied, context);
    exec(options.init.path, [options.init.path, ...options.init.args], { HOME: "/", TERM: "linux" });
  },
};

/** What must hold before anything is deleted: we are the first process, and `/` is an initramfs and not the root. */
function checkPlace(root: Root): void {
  const wrong =
    process.pid !== 1
      ? `this is process ${process.pid}, not the first one`
      : statSync("/").dev === statSync(root.path).dev
        ? `nothing is mounted at ${root.path}`
        : livesInMemory("/")
          ? undefined
          : "/ is no initramfs";
  if (wrong === undefined) return;
  throw fatal("switch-root", {
    doing: "switch to the real root",
    on: root.path,
    found: wrong,
    remedy: "start statelite-agent init only as /init of an initramfs",
  });
}

/** Whether the image can be handed over to. @throws BootError */
export async function checkInit(root: Root, init: string): Promise<void> {
  try {
    await root.with({ tree: "/", path: init }, O.PATH, async (fd) => {
      const stats = await fs.stat(fdPath(fd));
      if (!stats.isFile()) throw new Error("it is no regular file");
      await fs.access(fdPath(fd), constants.X_OK);
    });
    for (const name of MOVED) {
      await root.with({ tree: "/", path: `/${name}` }, O.PATH | O.DIRECTORY | O.NOFOLLOW, () =>
        Promise.resolve(),
      );
    }
  } catch (error) {
    throw fatal(
      "init-missing",
      {
        doing: "find the real init",
        on: `${init} in the image`,
        found: errorReason(error),
        remedy:
          "build the image with an init (systemd-sysv) and the directories /dev, /proc and /sys, or name another with init=",
      },
      error,
    );
  }
}

interface Freed {
  files: number;
  bytes: number;
}

/**
 * Removes everything on the file system of `directory`, and never steps onto another one. In place rather than
 * on threads: memory never makes anybody wait, and this is hundreds of calls.
 */
function emptyDirectory(directory: number): Freed {
  const freed: Freed = { files: 0, bytes: 0 };
  const top = `${fdPath(directory)}/.`;
  removeBelow(top, statSync(top).dev, freed);
  return freed;
}

function removeBelow(path: string, device: number, freed: Freed): void {
  for (const name of readdirSync(path)) {
    const child = `${path}/${name}`;
    const stats = lstatSync(child);
    if (stats.dev !== device) continue;
    if (!stats.isDirectory()) {
      unlinkSync(child);
      freed.files++;
      freed.bytes += stats.size;
      continue;
    }
    removeBelow(child, device, freed);
    try {
      rmdirSync(child);
    } catch {
      // It holds a mount point of what was moved away; an empty directory costs nothing.
    }
  }
}

/** The report's last moment: from here on there is nobody to write one. */
async function finish({ options }: Applied, context: BootContext): Promise<void> {
  const { report, delivery, log, remoteLog, watchdog, beforeInit, now } = context;
  report.phaseEnds(now());
  const built = report.build(true, peakMemory());
  const text = toJson(built);
  writeFileSync(LAYOUT.report, `${text}\n`);
  await delivery.deliver(text, options.settings.report);
  log.say(`starting ${options.init.path}`);
  await tellBooted(remoteLog, built.totals, now());
  watchdog.end(options.settings.watchdog);
  for (const undo of beforeInit) undo();
}
