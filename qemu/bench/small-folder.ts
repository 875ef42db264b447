import { BenchError } from "../problem.ts";
import type { Place } from "./place.ts";

/** A folder of this host that is to be a file system of its own, in the bench's place only. */
export interface SmallFolder {
  readonly directory: string;
  readonly bytes: number;
}

/** Mounts a tmpfs there (tmpfs(5)), with what the folder holds already. */
export async function mountSmall(place: Place, { directory, bytes }: SmallFolder): Promise<void> {
  const script =
    'mount -t tmpfs -o size="$2",mode=755 small "$1.tmp" && cp -a "$1/." "$1.tmp" && mount --move "$1.tmp" "$1"';
  const shell = place.spawn(
    ["sh", "-e", "-c", `mkdir -p "$1.tmp" && ${script}`, "sh", directory, String(bytes)],
    {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  if ((await shell.process.exited) === 0) return;
  const { stderr } = shell.process;
  throw new BenchError({
    doing: "mount a small file system",
    on: directory,
    found: stderr instanceof ReadableStream ? (await new Response(stderr).text()).trim() : "it failed",
    remedy: "run as root, where namespaces can be made",
  });
}
