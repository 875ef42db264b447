/** One mount of this namespace, as proc(5) has it in /proc/self/mountinfo. */
export interface MountInfo {
  readonly id: number;
  readonly parent: number;
  /** `major:minor` of what is mounted. */
  readonly device: string;
  /** The directory of the file system that is shown. */
  readonly root: string;
  readonly mountPoint: string;
  /** Options of this mount alone. */
  readonly options: readonly string[];
  readonly type: string;
  readonly source: string;
  /** Options of the file system. */
  readonly superOptions: readonly string[];
}

/** Parses the file; lines that are none are left out. Escapes (`\040`) are undone. */
export function parseMountInfo(text: string): MountInfo[] {
  return text.split("\n").flatMap((line) => {
    const words = line.split(" ");
    const dash = words.indexOf("-", 6);
    const [id, parent, device, root, mountPoint, options] = words;
    const [type, source, superOptions] = words.slice(dash + 1);
    if (dash < 0 || mountPoint === undefined || options === undefined || type === undefined) return [];
    return [
      {
        id: Number(id),
        parent: Number(parent),
        device: device ?? "",
        root: unescapeOctal(root ?? ""),
        mountPoint: unescapeOctal(mountPoint),
        options: options.split(","),
        type,
        source: unescapeOctal(source ?? ""),
        superOptions: (superOptions ?? "").split(","),
      },
    ];
  });
}

/** The kernel writes blanks, newlines and backslashes as `\040`, byte by byte (seq_path). */
function unescapeOctal(text: string): string {
  if (!text.includes("\\")) return text;
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const octal = /^\\([0-7]{3})/.exec(text.slice(i, i + 4))?.[1];
    if (octal === undefined) {
      bytes.push(...Buffer.from(text[i] ?? ""));
      continue;
    }
    bytes.push(Number.parseInt(octal, 8));
    i += 3;
  }
  return Buffer.from(bytes).toString();
}
