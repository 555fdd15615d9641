import { readUnmovableSizes } from "../procfs/process_memory.ts";
import { pageOf } from "../procfs/pagemap.ts";
import { readSmaps } from "../procfs/smaps.ts";
import { because } from "../reason/reasons.ts";
import { type Mover, type MoverKind, type MoveTarget, type OutrightRefusal } from "./mover.ts";

/** VmFlags (proc_pid_smaps(5)) of what no mover can move: locked, hugetlb, of a device. */
const UNMOVABLE = ["lo", "ht", "io", "pf"];

/** Moves nothing, and refuses what the kernel would refuse as a whole. */
class DryMover implements Mover {
  readonly #refused: readonly OutrightRefusal[];

  constructor({ dirFd }: Pick<MoveTarget, "dirFd">) {
    this.#refused = readUnmovable(dirFd);
  }

  pageOut(): OutrightRefusal[] {
    return [...this.#refused];
  }

  [Symbol.dispose](): void {}
}

/** What of a process cannot be moved, ascending. smaps is read only where there is such memory. */
function readUnmovable(dirFd: number): OutrightRefusal[] {
  const sizes = readUnmovableSizes(dirFd);
  if (sizes === undefined || sizes.every((bytes) => bytes === 0)) return [];
  return (readSmaps(dirFd) ?? [])
    .filter(({ vmFlags }) => UNMOVABLE.some((flag) => vmFlags.includes(flag)))
    .map(({ start, end }) => ({
      reason: because("locked"),
      page: pageOf(start),
      pages: pageOf(end - start),
    }));
}

/**
 * The mover of a dry run.
 * @param kind the one that it stands for; undefined where this kernel has none.
 */
export function dryMover(kind: MoverKind | undefined): MoverKind<"dry run"> {
  return {
    name: "dry run",
    trimsSwapCache: false,
    leavesShared: kind?.leavesShared ?? true,
    ...(kind?.needsFirstThread === undefined ? {} : { needsFirstThread: kind.needsFirstThread }),
    missing: () => undefined,
    open: (target) => new DryMover(target),
  };
}
