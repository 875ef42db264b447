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
    if (!/^\d+$/.test(id ?? "") || !/^\d+$/.test(parent ?? "")) return [];
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
  const bytes = Buffer.from(text).toString("latin1");
  const plain = bytes.replace(/\\([0-3][0-7]{2})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(plain, "latin1").toString();
}
