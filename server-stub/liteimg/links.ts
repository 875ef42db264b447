/**
 * The two levels of indirection of a link entry: /etc/ntp.conf -> /.statelite/tmpfs/etc/ntp.conf ->
 * /.default/etc/ntp.conf, written as relative links so that they lead there inside the image as well. The
 * texts are those of xCAT's liteimg, its `./` included: by them an image is known to be prepared.
 */

/** Where the image's own content of an entry is kept. */
export function defaultPath(path: string): string {
  return `/.default${path}`;
}

/** What a booted node replaces by its own content or link. */
export function tmpfsPath(path: string): string {
  return `/.statelite/tmpfs${path}`;
}

/** Text of the link at the entry's place in the image. @param location where the path really is */
export function imageLinkText(path: string, location = path): string {
  return `${upwards(location)}${tmpfsPath(path)}`;
}

/** Text of the link below /.statelite/tmpfs. */
export function tmpfsLinkText(path: string): string {
  return `../../${upwards(path)}${defaultPath(path)}`;
}

/** From the directory of `path` to the root: `..` for each level, `.` where it is in the root. */
function upwards(path: string): string {
  const levels = path.split("/").length - 2;
  return levels === 0 ? "." : Array(levels).fill("..").join("/");
}

/** The entry whose image link has this text; undefined where it is no such link. */
export function linkedEntry(text: string): string | undefined {
  const [, path] = /^(?:\.|\.\.(?:\/\.\.)*)\/\.statelite\/tmpfs(\/.+)$/s.exec(text) ?? [];
  return path === undefined || path.split("/").some((part) => part === "." || part === "..")
    ? undefined
    : path;
}
