import { dirname, join } from "node:path";

/** The checkout. */
export const project = dirname(import.meta.dirname);

/** All that is built or written while running; ignored by git, safe to delete. */
export const out = join(project, "out");

export const built = {
  agent: join(out, "statelite-agent"),
  server: join(out, "statelite-server"),
  initrd: join(out, "statelite.initrd"),
} as const;
