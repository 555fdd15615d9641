import { readMaps } from "../procfs/maps.ts";
import { readSharedSizes } from "../procfs/process_memory.ts";
import { isSwappable, type VmaSelection } from "./vma_selection.ts";
import { because, type Reason } from "../reason/reasons.ts";

const SHARED = because("shared_mapping");
const FILE = because("program_files");

/**
 * Present memory of a process that a selection leaves out, as far as the kernel counts it without
 * looking at each page.
 * @param dirFd the process's /proc directory.
 * @returns bytes by reason; undefined when the process is gone.
 * @throws {ProcfsError | SystemCallError}
 */
export function readNotSelected(
  dirFd: number,
  selection: VmaSelection,
): Map<Reason, number> | undefined {
  const bytes = new Map<Reason, number>();
  if (selection.kind !== "swappable") return bytes;
  const vmas = readMaps(dirFd);
  const sizes = readSharedSizes(dirFd);
  if (vmas === undefined || sizes === undefined) return undefined;
  const { shmemBytes, fileBytes } = sizes;
  // A private mapping of shared memory is selected.
  if (shmemBytes > 0 && vmas.some((vma) => !vma.private)) bytes.set(SHARED, shmemBytes);
  if (fileBytes > 0 && vmas.some((vma) => vma.inode !== 0 && !isSwappable(vma))) {
    bytes.set(FILE, fileBytes);
  }
  return bytes;
}
