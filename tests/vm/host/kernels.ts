import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Kernel } from "../scenario.ts";
import { CACHE } from "./cache.ts";

/** The kernel with the etmem interface, which lies in the repository. */
export const ETMEM_KERNEL = join(import.meta.dir, "../bzImage");

/** A kernel that can be booted, or why there is none. */
export type KernelImage =
  | { readonly image: string; readonly missing?: never }
  | { readonly missing: string };

/** Where a kernel lies; a stock one, where scripts/vm_kernel.sh puts it. */
export function kernelImage(kernel: Kernel): KernelImage {
  if (kernel === "etmem") return { image: ETMEM_KERNEL };
  const image = join(CACHE, `kernel-${kernel}/vmlinuz`);
  if (existsSync(image)) return { image };
  const reason = join(CACHE, `kernel-${kernel}.missing`);
  return {
    missing: existsSync(reason)
      ? `no kernel ${kernel}: ${readFileSync(reason, "utf8").trim()}`
      : `no kernel ${kernel}: sh scripts/vm_kernel.sh ${kernel} gets it`,
  };
}
