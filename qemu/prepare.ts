import { join } from "node:path";
import { debianKernel } from "../initramfs/kernel.ts";
import { run } from "./command.ts";
import { buildImage, prepareImage } from "./image/build.ts";
import { baseImage } from "./image/definition.ts";
import { chooseAccelerator } from "./machine/accelerator.ts";
import type { Accelerator } from "./machine/arguments.ts";
import { out, project } from "./paths.ts";
import { type Pki, preparePki } from "./pki.ts";

/** Where the demo's tables, trees and image files are. */
export const demo = join(project, "qemu", "demo");
/** The image's name in the demo's tables. */
export const IMAGE_NAME = "debian12-x86_64-statelite-compute";

/** All that machines are booted with, built where it is not there yet. */
export interface Prepared {
  readonly pki: Pki;
  readonly kernel: string;
  readonly accelerator: Accelerator;
  /** The folder above `rootimg`. */
  readonly image: string;
}

/** Builds what is missing or out of date; next to nothing where nothing is. */
export async function prepare(): Promise<Prepared> {
  // Before the build: the initrd carries the authority's certificate.
  const pki = await preparePki();
  const [plain] = await Promise.all([
    buildImage(baseImage),
    run([process.execPath, join(project, "initramfs", "build.ts")], {
      seconds: 600,
      remedy: "npm run build",
    }),
  ]);
  const { vmlinuz } = await debianKernel(join(out, "kernel"), console.log);
  const [image, accelerator] = await Promise.all([
    prepareImage({ plain, overlay: join(demo, "image"), tables: join(demo, "tables"), image: IMAGE_NAME }),
    chooseAccelerator(vmlinuz),
  ]);
  return { pki, kernel: vmlinuz, accelerator, image };
}
