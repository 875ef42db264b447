import { readMountOptions } from "../cmdline/nfs.ts";
import type { BootOptions } from "../cmdline/options.ts";
import { readStateExport } from "../cmdline/root.ts";
import { BadValue } from "../cmdline/values.ts";
import { fatal } from "../errors.ts";
import type { Told } from "./told.ts";

/**
 * The options with the state that a server names. The command line goes before it: a `STATEMNT=` that is there counts,
 * also an empty one, which is none. @throws BootError where what the server names can be none
 */
export function withToldState(options: BootOptions, { rest }: Pick<Told, "rest">): BootOptions {
  if (!options.stateFromServer || rest?.state === undefined) return options;
  const { location, mountOptions } = rest.state;
  try {
    return { ...options, state: readStateExport(location, readMountOptions(mountOptions)) };
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    throw fatal(
      "state-told",
      {
        doing: "read where this node's state is",
        on: `${location} (${mountOptions || "no mount options"})`,
        found: error.message,
        remedy: error.remedy ?? "correct statemnt and mntopts in the statelite table",
      },
      error,
    );
  }
}
