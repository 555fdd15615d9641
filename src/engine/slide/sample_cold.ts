import { errorCode } from "../../../ffi/errno.ts";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { readMemory } from "../../../ffi/process_vm_readv.ts";
import { Pagemap } from "../../procfs/pagemap.ts";
import { IdleBitmap } from "../../tracker/idle_bitmap.ts";
import type { PageAges } from "../../tracker/page_ages.ts";
import { agesOf, type CopiedAges } from "../round/copied_ages.ts";
import { closeProcess, Gone, OpenedProcess } from "../round/opened_process.ts";

/** Which cold pages of a process to read. */
export interface SampleRequest {
  readonly pid: number;
  readonly startTicks: number;
  readonly tracker: string;
  readonly ages: CopiedAges;
  /** Pages that have been idle for so many scans are cold. */
  readonly ageScans: number;
  /** So many pages are read at most. */
  readonly most: number;
}

/** What the pages come to that were read. */
export interface SampleReply {
  readonly pages: number;
  /** Of them: filled with one and the same word. */
  readonly sameFilled: number;
  /** What zram or zswap would store of them. */
  readonly storedBytes: number;
}

/** As zram would: the level that costs least. */
const LEVEL = 1;
/**
 * What is larger than this when it is compressed is stored as it is: the largest class of zsmalloc
 * below a page (huge_class_size in mm/zsmalloc.c).
 */
const LARGEST_STORED = PAGE_SIZE / 64 * 51;

const page = new Uint8Array(PAGE_SIZE);
const words = new BigUint64Array(page.buffer);

/** What is stored of the page that was read (zram_write_page in drivers/block/zram/zram_drv.c). */
function storedSize(): number {
  if (words.every((word) => word === words[0])) return 0;
  const { length } = Bun.zstdCompressSync(page, { level: LEVEL });
  return length > LARGEST_STORED ? PAGE_SIZE : length;
}

/** At most so many of the cold pages, evenly spread over them. */
function chooseCold(ages: PageAges, ageScans: number, most: number): number[] {
  let cold = 0;
  ages.forEachIdle(ageScans, () => cold++);
  const chosen: number[] = [];
  let at = 0;
  ages.forEachIdle(ageScans, (number) => {
    if (at++ * most >= chosen.length * cold) chosen.push(number);
  });
  return chosen.slice(0, most);
}

/** Reads pages that are present, so that none counts as used by that. */
class ColdReader implements Disposable {
  readonly #pid: number;
  readonly #pagemap: Pagemap;
  readonly #bitmap: IdleBitmap | undefined;

  /** The tracker page_idle takes a page for used that was read: process_vm_readv(2) marks it. */
  constructor({ pid, tracker }: SampleRequest, pagemap: Pagemap) {
    this.#pid = pid;
    this.#pagemap = pagemap;
    this.#bitmap = tracker === "page_idle" ? new IdleBitmap() : undefined;
  }

  /** @returns whether it was read. @throws {SystemCallError} */
  read(number: number): boolean {
    const pagemap = this.#pagemap;
    if (pagemap.load(number, number + 1) !== 1 || !pagemap.isPresent(number)) return false;
    let isRead = false;
    const work = (): void => {
      isRead = this.#readPresent(number);
    };
    if (this.#bitmap === undefined) work();
    else this.#bitmap.whileIdle(pagemap.frame(number), work);
    return isRead;
  }

  #readPresent(number: number): boolean {
    try {
      return readMemory(this.#pid, number * PAGE_SIZE, page) === PAGE_SIZE;
    } catch (error) {
      // Unmapped, protected or gone meanwhile.
      if (errorCode(error) === undefined) throw error;
      return false;
    }
  }

  [Symbol.dispose](): void {
    this.#bitmap?.[Symbol.dispose]();
  }
}

/**
 * Reads cold pages of a process that are in DRAM, and compresses them. Runs in a worker.
 * @throws {SystemCallError | ProcfsError}
 */
export function sampleCold(request: SampleRequest): SampleReply {
  const sum = { pages: 0, sameFilled: 0, storedBytes: 0 };
  const known = agesOf(request.ages);
  if (known === undefined) return sum;
  let process: OpenedProcess | undefined;
  try {
    process = new OpenedProcess({ ...request, open: undefined });
    if (process.memoryId !== known.memoryId) return sum;
    using reader = new ColdReader(request, new Pagemap(process.pagemapFd));
    for (const number of chooseCold(known.ages, request.ageScans, request.most)) {
      if (!reader.read(number)) continue;
      const stored = storedSize();
      sum.pages++;
      sum.storedBytes += stored;
      if (stored === 0) sum.sameFilled++;
    }
    return sum;
  } catch (error) {
    if (error instanceof Gone) return sum;
    throw error;
  } finally {
    if (process !== undefined) closeProcess(process);
  }
}
