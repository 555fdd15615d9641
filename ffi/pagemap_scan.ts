import { errorCode } from "./errno.ts";
import { addressOf, ioctl } from "./libc.ts";

/** _IOWR('f', 16, struct pm_scan_arg). @internal */
export const PAGEMAP_SCAN = 0xc060_6610;
const PAGE_IS_PRESENT = 1n << 3n;
const PAGE_IS_PFNZERO = 1n << 5n;

/**
 * The members of struct pm_scan_arg that are used, by number: all 12 are 64 bits wide.
 * @internal
 */
export const PM_SCAN_ARG = {
  members: 12,
  size: 0,
  start: 2,
  end: 3,
  walk_end: 4,
  vec: 5,
  vec_len: 6,
  category_inverted: 8,
  category_mask: 9,
  return_mask: 11,
} as const;

/** struct page_region, in bytes. @internal */
export const PAGE_REGION = { sizeBytes: 24, start: 0, end: 8 } as const;

/** Regions that one call answers with at most. */
const MOST_REGIONS = 512;

/**
 * The ioctl PAGEMAP_SCAN of /proc/PID/pagemap (include/uapi/linux/fs.h, Linux 6.7), asked where
 * memory is present. The page of zeros is no memory of a process.
 * It costs for what has page tables, not for holes.
 */
export class PagemapScan {
  readonly #argument = new BigUint64Array(PM_SCAN_ARG.members);
  // Not of the C heap: a worker thread that ends gives this back, and nothing else.
  readonly #regions = new DataView(new ArrayBuffer(PAGE_REGION.sizeBytes * MOST_REGIONS));
  readonly #regionBytes = new Uint8Array(this.#regions.buffer);
  /** Address up to which the last call looked. */
  walkEnd = 0;

  constructor() {
    const argument = this.#argument;
    argument[PM_SCAN_ARG.size] = BigInt(argument.byteLength);
    argument[PM_SCAN_ARG.vec_len] = BigInt(MOST_REGIONS);
    argument[PM_SCAN_ARG.category_inverted] = PAGE_IS_PFNZERO;
    argument[PM_SCAN_ARG.category_mask] = PAGE_IS_PRESENT | PAGE_IS_PFNZERO;
    argument[PM_SCAN_ARG.return_mask] = PAGE_IS_PRESENT;
  }

  /**
   * Looks for present memory in [start, end), addresses in bytes.
   * @param fd of pagemap.
   * @returns how many regions there are below `walkEnd`;
   * undefined where the kernel has no PAGEMAP_SCAN. @throws {SystemCallError}
   */
  findPresent(fd: number, start: number, end: number): number | undefined {
    const argument = this.#argument;
    argument[PM_SCAN_ARG.start] = BigInt(start);
    argument[PM_SCAN_ARG.end] = BigInt(end);
    argument[PM_SCAN_ARG.walk_end] = 0n;
    argument[PM_SCAN_ARG.vec] = BigInt(addressOf(this.#regionBytes));
    try {
      const regions = ioctl(fd, PAGEMAP_SCAN, argument);
      this.walkEnd = Number(argument[PM_SCAN_ARG.walk_end]);
      return regions;
    } catch (error) {
      // Kernels before 6.7; seccomp filters and emulators may say
      // EINVAL or ENOSYS of what they do not know.
      if (["ENOTTY", "EINVAL", "ENOSYS"].includes(errorCode(error) ?? "")) return undefined;
      throw error;
    }
  }

  /** Where region `index` of the last answer begins, in bytes. */
  start(index: number): number {
    return this.#address(index, PAGE_REGION.start);
  }

  /** First address behind region `index` of the last answer. */
  end(index: number): number {
    return this.#address(index, PAGE_REGION.end);
  }

  #address(index: number, offset: number): number {
    return Number(this.#regions.getBigUint64(PAGE_REGION.sizeBytes * index + offset, true));
  }
}
