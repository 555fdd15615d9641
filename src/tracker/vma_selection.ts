import { readMaps, type Vma } from "../procfs/maps.ts";
import { readSmaps } from "../procfs/smaps.ts";
import { type PageRange, toPageRanges } from "./page_range.ts";

/** Which VMAs of a process are scanned. */
export type VmaSelection =
  /** What may hold memory to swap. */
  | { readonly kind: "swappable" }
  /**
   * Those whose VmFlags have all of these; anonOnly: and that are swappable,
   * as the scan library has it.
   */
  | { readonly kind: "flagged"; readonly vmFlags: readonly string[]; readonly anonOnly: boolean };

/** Whether a VMA may hold memory to swap: private, not executable, and anonymous or writable. */
export function isSwappable(vma: Vma): boolean {
  return vma.private && !vma.execute && (vma.inode === 0 || vma.write);
}

/**
 * The pages to scan now.
 * @param dirFd the process's /proc directory.
 * @returns undefined when the process is gone. @throws {ProcfsError | SystemCallError}
 */
export function readRanges(dirFd: number, selection: VmaSelection): PageRange[] | undefined {
  if (selection.kind === "swappable") {
    const vmas = readMaps(dirFd);
    return vmas === undefined ? undefined : toPageRanges(vmas.filter(isSwappable));
  }
  const { vmFlags, anonOnly } = selection;
  if (vmFlags.length === 0) {
    const vmas = readMaps(dirFd);
    return vmas === undefined
      ? undefined
      : toPageRanges(vmas.filter((vma) => !anonOnly || isSwappable(vma)));
  }
  const vmas = readSmaps(dirFd);
  if (vmas === undefined) return undefined;
  return toPageRanges(vmas.filter((vma) =>
    vmFlags.every((flag) => vma.vmFlags.includes(flag)) &&
    (!anonOnly || isSwappable(vma))
  ));
}
