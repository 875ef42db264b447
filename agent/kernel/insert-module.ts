import { AT_FDCWD, O, SYS } from "./constants.ts";
import { check, cstring, libc, ptr } from "./libc.ts";
import { close, openAt } from "./tree.ts";

/** linux/module.h: the kernel is to unpack a `.ko.xz` or `.ko.zst` itself. */
const MODULE_INIT_COMPRESSED_FILE = 4;

/** finit_module(2) without parameters. Returns when the module's own start is over. @throws SystemError */
export function insertModule(file: string): void {
  const fd = openAt(AT_FDCWD, file, O.RDONLY | O.CLOEXEC, 0);
  try {
    const parameters = cstring("");
    const flags = file.endsWith(".ko") ? 0 : MODULE_INIT_COMPRESSED_FILE;
    check(
      libc.syscall(SYS.finit_module, fd, ptr(parameters), flags, 0, 0, 0),
      () => `finit_module(${file}, "", ${flags})`,
    );
  } finally {
    close(fd);
  }
}
