import { promises as fs } from "node:fs";
import type { NfsExport } from "../cmdline/options.ts";
import { setModeOf } from "../effects/mode.ts";
import { fatal } from "../errors.ts";
import { MS } from "../kernel/constants.ts";
import { errorCode, errorReason } from "../kernel/errno.ts";
import { fdPath, type Root } from "../observe/root.ts";
import { joinPath, stateDirectory } from "../plan/layout.ts";
import { mountNfs, type NfsContext, type NfsMount } from "./nfs.ts";
import { NfsError } from "./nfs-failure.ts";
import { withMountpoint } from "./volatile.ts";

/** Where the directory above is mounted for a moment, in the initramfs: no process of the node can look there. */
const ASIDE = "/run/statelite/state";

/**
 * Mounts the node's own directory of STATEMNT, and nothing of any other node's: `<dir>/<node>` itself where
 * it is there, else it is made first, in the parent mounted aside (semantics section 6). @throws BootError
 */
export async function mountState(
  state: NfsExport,
  node: string,
  root: Root,
  context: NfsContext,
  timeout: number,
): Promise<NfsMount> {
  const own = joinPath(state.directory, node);
  try {
    return await withMountpoint(root, context.calls, stateDirectory(node), async (fd) => {
      const request = { ...state, directories: [own], target: fdPath(fd), flags: 0, timeout };
      try {
        return await mountNfs(request, context);
      } catch (error) {
        if (!(error instanceof NfsError) || !error.absent) throw error;
        await makeOwnDirectory(state, node, context, timeout);
        return await mountNfs(request, context);
      }
    });
  } catch (error) {
    const remedy =
      error instanceof NfsError
        ? error.remedy
        : "check that the directory is exported read-write to this node without root_squash";
    throw fatal(
      "state-mount",
      {
        doing: "mount the persistent area",
        on: `STATEMNT ${state.servers.join(",")}:${own}`,
        found: errorReason(error),
        remedy,
      },
      error,
    );
  }
}

async function makeOwnDirectory(
  state: NfsExport,
  node: string,
  context: NfsContext,
  timeout: number,
): Promise<void> {
  context.log.say(`${state.servers.join(",")}:${state.directory} has no directory ${node} yet: making it`);
  await fs.mkdir(ASIDE, { recursive: true });
  const flags = MS.NOSUID | MS.NODEV | MS.NOEXEC;
  await mountNfs({ ...state, directories: [state.directory], target: ASIDE, flags, timeout }, context);
  try {
    await fs.mkdir(joinPath(ASIDE, node), { mode: 0o755 });
    await setModeOf(joinPath(ASIDE, node), 0o755); // Whatever the umask is.
  } catch (error) {
    if (errorCode(error) !== "EEXIST")
      throw new Error(`it is not there yet, and cannot be made: ${errorReason(error)}`, { cause: error });
  } finally {
    await context.calls.umount(ASIDE, 0);
  }
}
