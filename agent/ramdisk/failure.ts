import type { ProblemCode } from "../catalogue/catalogue.ts";
import { BootError, fatal, type Problem } from "../errors.ts";
import { errorCode, errorReason } from "../kernel/errno.ts";
import { CompressionError } from "./decompress.ts";
import { DownloadError } from "./download.ts";
import { ArchiveError } from "./incremental.ts";

const PACK = "pack the image again (packimage), and see that the file on the web server is whole";

/**
 * Why there is no root in memory, for an administrator.
 *
 * @param limit `rootlimit=`, where given
 * @param done what was unpacked before: `12.3 MB in 456 files`
 */
export function explain(error: unknown, url: string, limit: string | undefined, done: string): BootError {
  if (error instanceof BootError) return error;
  const problem = (code: ProblemCode, parts: Omit<Problem, "class" | "code" | "on">) =>
    fatal(code, { on: `imgurl=${url}`, ...parts }, error);
  if (error instanceof DownloadError) {
    return problem("ramdisk-download", {
      doing: "download the image",
      found: error.message,
      remedy: error.remedy,
    });
  }
  const doing = "unpack the image";
  if (error instanceof CompressionError) {
    return problem("ramdisk-compression", { doing, found: error.message, remedy: PACK });
  }
  if (error instanceof ArchiveError) {
    return problem("ramdisk-archive", { doing, found: error.message, remedy: PACK });
  }
  if (errorCode(error) === "ENOSPC") {
    const size =
      limit === undefined ? "half of this node's memory, as there is no rootlimit" : `rootlimit=${limit}`;
    return problem("ramdisk-space", {
      doing,
      found: `after ${done} the root is full: its size is ${size}`,
      remedy: "raise rootlimit, give the node more memory, or take something out of the image",
    });
  }
  const words = error instanceof Error ? error.message : errorReason(error);
  return problem("ramdisk-unpack", { doing, found: `after ${done}: ${words}`, remedy: PACK });
}
