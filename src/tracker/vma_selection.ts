import { readMaps, type Vma } from "../procfs/maps.ts";
import { readSmaps, type SmapsVma } from "../procfs/smaps.ts";
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

/** Whether a VMA is scanned, as far as maps tells. */
function isOfKind(vma: Vma, selection: VmaSelection): boolean {
  return (selection.kind === "flagged" && !selection.anonOnly) || isSwappable(vma);
}

function hasFlags(vma: SmapsVma, selection: VmaSelection): boolean {
  return selection.kind === "swappable" ||
    selection.vmFlags.every((flag) => vma.vmFlags.includes(flag));
}

/**
 * The VMAs to scan now, with their fields.
 * @param dirFd the process's /proc directory.
 * @returns undefined when the process is gone. @throws {ProcfsError | SystemCallError}
 */
export function readSelected(dirFd: number, selection: VmaSelection): SmapsVma[] | undefined {
  return readSmaps(dirFd)?.filter((vma) => hasFlags(vma, selection) && isOfKind(vma, selection));
}

/**
 * The VMAs to scan now.
 * @param dirFd the process's /proc directory.
 * @returns undefined when the process is gone. @throws {ProcfsError | SystemCallError}
 */
export function readVmas(dirFd: number, selection: VmaSelection): Vma[] | undefined {
  return selection.kind === "flagged" && selection.vmFlags.length > 0
    ? readSelected(dirFd, selection)
    : readMaps(dirFd)?.filter((vma) => isOfKind(vma, selection));
}

/**
 * The pages to scan now.
 * @param dirFd the process's /proc directory.
 * @returns undefined when the process is gone. @throws {ProcfsError | SystemCallError}
 */
export function readRanges(dirFd: number, selection: VmaSelection): PageRange[] | undefined {
  const vmas = readVmas(dirFd, selection);
  return vmas === undefined ? undefined : toPageRanges(vmas);
}
