import { openSync, writeSync } from "node:fs";
import { formatLogLine, type LogFollower } from "./log.ts";
import type { Root } from "./observe/root.ts";
import { LAYOUT } from "./plan/layout.ts";

/**
 * Opens `statelite.log` in the agent's own tmpfs, where neither a link of anybody else's nor a wait can be
 * met, and gives back its writer.
 */
export function openLogFile(root: Root): LogFollower {
  const file = openSync(root.outside(LAYOUT.log), "a", 0o644);
  return (line) => {
    writeSync(file, `${formatLogLine(line)}\n`);
  };
}
