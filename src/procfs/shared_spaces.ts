import { errorCode } from "../../ffi/errno.ts";
import { compareSpaces, type SpaceOrder } from "../../ffi/kcmp.ts";

/** memoryId of a process whose first thread has ended: kcmp(2) finds no address space of it. */
export const NO_SPACE = "0:0";

/** A process with what tells that its address space cannot be that of another. */
interface SpaceOwner {
  readonly pid: number;
  /** ProcessStat.memoryId: processes that share an address space have the same. */
  readonly memoryId: string;
}

/**
 * Parts processes by whether the address space of each is that of one before it (clone(2) with
 * CLONE_VM, vfork(2)). Those with the same memoryId are compared, as a server's children are, each
 * with some of the others: as many as the logarithm of their number. Where the kernel cannot
 * compare them they count as different.
 * @returns both parts, in the order of the processes.
 */
export function partBySpace<P extends SpaceOwner>(
  processes: readonly P[],
  compare: (pid: number, other: number) => SpaceOrder = compareSpaces,
): { own: readonly P[]; shared: readonly P[] } {
  /** By memoryId, the first process of each address space, in the order of compare(). */
  const firsts = new Map<string, P[]>();
  const shared: P[] = [];
  for (const process of processes) {
    if (process.memoryId === NO_SPACE) continue;
    const known = firsts.get(process.memoryId);
    if (known === undefined) firsts.set(process.memoryId, [process]);
    else if (!insertByOrder(known, process, compare)) shared.push(process);
  }
  if (shared.length === 0) return { own: processes, shared };
  const isShared = new Set(shared);
  return { own: processes.filter((process) => !isShared.has(process)), shared };
}

/** @returns false when a process of the same address space is there already. */
function insertByOrder<P extends SpaceOwner>(
  sorted: P[],
  process: P,
  compare: (pid: number, other: number) => SpaceOrder,
): boolean {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const order = orderOf(process, sorted[middle]!, compare);
    // One that cannot be compared must not stand where others are looked for.
    if (order === undefined) return true;
    if (order === 0) return false;
    if (order < 0) to = middle;
    else from = middle + 1;
  }
  sorted.splice(from, 0, process);
  return true;
}

/** @returns undefined when the kernel does not tell. */
function orderOf(
  { pid }: SpaceOwner,
  other: SpaceOwner,
  compare: (pid: number, other: number) => SpaceOrder,
): SpaceOrder | undefined {
  try {
    return compare(pid, other.pid);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}
