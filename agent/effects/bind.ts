import type { BindOptions } from "../kernel/bind.ts";
import type { KernelCalls } from "../kernel/calls.ts";
import type { Root } from "../observe/root.ts";
import type { Location } from "../plan/layout.ts";

/** Bind-mounts what a path leads to on what a location leads to. @throws SystemError, Error */
export async function bind(
  root: Root,
  calls: KernelCalls,
  from: string,
  target: Location,
  options: BindOptions,
): Promise<void> {
  await calls.bindMount(from, await root.place(target), options);
}
