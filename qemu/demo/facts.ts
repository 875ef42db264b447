/** One line of mountinfo (proc_pid_mountinfo(5)). */
export interface MountFact {
  /** major:minor. */
  readonly device: string;
  readonly target: string;
  readonly type: string;
  readonly source: string;
  /** Options of this mount and of its file system together. */
  readonly options: ReadonlySet<string>;
}

/** The mounts in the order in which they were made. */
export function parseMountinfo(text: string): MountFact[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [mount = "", filesystem = ""] = line.split(" - ");
      const [, , device = "", , target = "", options = ""] = mount.split(" ");
      const [type = "", source = "", superOptions = ""] = filesystem.split(" ");
      return {
        device,
        target: unescapeOctal(target),
        type,
        source: unescapeOctal(source),
        options: new Set([...options.split(","), ...superOptions.split(",")]),
      };
    });
}

/** What is on top at a path. */
export function mountAt(mounts: readonly MountFact[], target: string): MountFact | undefined {
  return mounts.findLast((mount) => mount.target === target);
}

/** kB of a field in /proc/meminfo. */
export function meminfoField(meminfo: string, name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(meminfo);
  return match?.[1] === undefined ? Number.NaN : Number(match[1]);
}

/**
 * Memory in kB that belongs to no file system that can be seen, and cannot be given back either. An initramfs that
 * nobody emptied is the usual case: the kernel keeps it as a file system below the root, as tmpfs (then its pages are in
 * `Shmem`) or ramfs (then in `Unevictable`), and no program can reach it any more.
 */
export function hiddenMemory(
  meminfo: string,
  memoryFilesystems: string,
  mounts: readonly MountFact[],
): number {
  const used = new Map<string, number>();
  for (const line of memoryFilesystems.split("\n")) {
    const [blocks, free, size, target] = line.split(" ");
    const device = mountAt(mounts, target ?? "")?.device;
    if (device === undefined) continue;
    // Bind mounts show one file system several times: it counts once.
    used.set(device, ((Number(blocks) - Number(free)) * Number(size)) / 1024);
  }
  const visible = [...used.values()].reduce((sum, kilobytes) => sum + kilobytes, 0);
  const shared = meminfoField(meminfo, "Shmem") - visible;
  return Math.max(0, shared) + meminfoField(meminfo, "Unevictable");
}

/** `\040` for a space, and so on. */
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
