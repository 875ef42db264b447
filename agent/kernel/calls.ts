import { bindMount } from "./bind.ts";
import { setPartitions, swapOn } from "./block.ts";
import { copySmallFiles } from "./copy-files.ts";
import { nextNames } from "./directory.ts";
import {
  copyFileRange,
  listXattrs,
  makeNode,
  nextData,
  renameNoReplace,
  setTimes,
  setXattr,
} from "./inode.ts";
import { insertModule } from "./insert-module.ts";
import { inspect, openPlace, refresh, sameContent, stillThere } from "./inspect.ts";
import { fileSystemType, livesInMemory, mount, mountFlags, umount } from "./mount.ts";
import { close, openAt, openIn, openTree, readlinkAt } from "./tree.ts";

/**
 * The system calls that may wait for a server, by name. They are called in place (`directCalls`) or on a
 * thread of their own (threads.ts), so that the main thread, with its deadlines, never waits in the kernel.
 */
export const calls = {
  mount,
  umount,
  bindMount,
  openTree,
  openIn,
  openAt,
  close,
  readlinkAt,
  openPlace,
  inspect,
  sameContent,
  stillThere,
  refresh,
  nextNames,
  copySmallFiles,
  copyFileRange,
  nextData,
  makeNode,
  setTimes,
  listXattrs,
  setXattr,
  renameNoReplace,
  livesInMemory,
  fileSystemType,
  mountFlags,
  insertModule,
  setPartitions,
  swapOn,
} as const;

/** Calls that can take their time, each for a reason of its own: none of them holds up others. */
export const SLOW: ReadonlySet<string> = new Set<CallName>([
  "mount",
  "umount",
  "nextNames",
  "copySmallFiles",
  "copyFileRange",
  "insertModule",
  "setPartitions",
  "swapOn",
]);

export type Calls = typeof calls;
export type CallName = keyof Calls;

/** The same calls as promises. */
export type KernelCalls = {
  readonly [Name in CallName]: (...args: Parameters<Calls[Name]>) => Promise<ReturnType<Calls[Name]>>;
};

/** For what cannot block: a tmpfs, a test. */
export const directCalls: KernelCalls = promised(
  (name, args) => new Promise((resolve) => resolve(invoke(name, args))),
);

/** Builds the promise form of every call from one function that makes it. */
export function promised(make: (name: CallName, args: readonly unknown[]) => Promise<unknown>): KernelCalls {
  const table: Record<string, (...args: unknown[]) => Promise<unknown>> = {};
  for (const name of Object.keys(calls)) table[name] = (...args) => make(name as CallName, args);
  return table as unknown as KernelCalls;
}

/** Makes a call by name; the arguments come from {@link KernelCalls}, which has typed them. */
export function invoke(name: CallName, args: readonly unknown[]): unknown {
  return (calls[name] as (...a: readonly unknown[]) => unknown)(...args);
}
