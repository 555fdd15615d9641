import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE } from "../ffi/libc.ts";
import { readSmaps } from "../src/procfs/smaps.ts";
import { openReader } from "../src/page_table/open_reader.ts";
import { WALK_VARIANTS, type WalkVariant } from "../src/page_table/loaded_walk.ts";
import { TABLE_ENTRIES } from "../src/page_table/page_table_layout.ts";
import type { PageTableReader } from "../src/page_table/page_table_reader.ts";
import { TableDecoder } from "../src/page_table/table_decoder.ts";
import { whyNoPageTables } from "../src/page_table/why_no_page_tables.ts";
import { zeroFrame } from "../src/procfs/zero_frames.ts";
import { PageCounts } from "../src/tracker/page_counts.ts";
import type { Benchmark } from "./benchmark.ts";
import { cpuMs } from "./cpu_ms.ts";
import type { Figure, Outcome } from "./figure.ts";
import { inFolder } from "./in_folder.ts";
import { MappedTarget } from "./mapped_target.ts";

const GIB = 2 ** 30;
const GIBS = 64;
const RUNS = 9;
/** Before the compiler of the engine has done its work, runs say little. */
const WARM_UP_RUNS = 20;
/** Pages of the target's terabyte. */
const STRAY_PAGES = 64;

function valuesOf(measure: () => number): number[] {
  return Array.from({ length: RUNS }, measure);
}

/**
 * Reads all tables of a range. @param take what is done with those of each call.
 * @returns slots that were filled.
 */
function readAll(
  reader: PageTableReader,
  fd: number,
  start: number,
  bytes: number,
  take: () => void = () => {},
): number {
  let slots = 0;
  for (let from = start; from < start + bytes; from = reader.walkEnd) {
    if (!reader.read(fd, from, start + bytes)) throw new Error("the target is gone");
    slots += reader.count;
    take();
  }
  return slots;
}

/** Counts what the reader has read. @returns pages. */
function countAll(reader: PageTableReader, decoder: TableDecoder, counts: PageCounts): number {
  const { buffer, byteOffset, length } = reader.words;
  const words = new Int32Array(buffer, byteOffset, length);
  let pages = 0;
  for (let slot = 0; slot < reader.count; slot++) {
    decoder.decode(words, slot * 2 * TABLE_ENTRIES, 0, TABLE_ENTRIES);
    counts.addEach(reader.address(slot) / PAGE_SIZE, decoder.found, 0, TABLE_ENTRIES);
    pages += decoder.present;
  }
  return pages;
}

/** A target and how it is looked at. */
interface Setting {
  readonly target: MappedTarget;
  readonly reader: PageTableReader;
  readonly pagemapFd: number;
  readonly dirFd: number;
}

/** A scan of all the memory into new counts, without clearing. @returns ms for a GiB. */
function scanMs({ target, reader, pagemapFd }: Setting): number {
  const decoder = new TableDecoder(reader.layout, zeroFrame());
  return cpuMs(() => {
    const counts = new PageCounts();
    let pages = 0;
    counts.beginScan();
    readAll(reader, pagemapFd, target.start, GIBS * GIB, () => {
      pages += countAll(reader, decoder, counts);
    });
    counts.endScan();
    if (pages !== GIBS * GIB / PAGE_SIZE) throw new Error(`${pages} pages in ${GIBS} GiB`);
  }) / GIBS;
}

function measureReading(setting: Setting): Figure[] {
  const { target, reader, pagemapFd, dirFd } = setting;
  let turn = 0;
  // Another part each time: what was read just now is in the caches.
  const readMs = (gibs: number): number =>
    cpuMs(() => {
      const start = target.start + (turn++ * 7 % (GIBS / gibs)) * gibs * GIB;
      const slots = readAll(reader, pagemapFd, start, gibs * GIB);
      if (slots !== gibs * 512) throw new Error(`${slots} tables in ${gibs} GiB`);
    }) / gibs;
  const readSparse = (): number =>
    cpuMs(() => {
      const slots = readAll(reader, pagemapFd, target.sparseStart, 1024 * GIB);
      if (slots < STRAY_PAGES) throw new Error(`${slots} tables in a terabyte`);
    });
  const smapsMs = (): number => cpuMs(() => void readSmaps(dirFd, () => false)) / GIBS;
  for (let i = 0; i < WARM_UP_RUNS; i++) readMs(1);
  const one = { name: "of 1 GiB", values: valuesOf(() => readMs(1)) };
  scanMs(setting);
  const smaps = { name: "smaps, all", values: valuesOf(smapsMs) };
  return [
    {
      what: "read the page tables of 1 GiB, of one",
      unit: "ms",
      values: one.values,
      baseline: smaps,
    },
    {
      what: `read and count the pages of 1 GiB, of ${GIBS}`,
      unit: "ms",
      values: valuesOf(() => scanMs(setting)),
      baseline: smaps,
      targets: [{ of: "median", is: "at most", limit: 4 }],
    },
    ...[8, GIBS].map((gibs): Figure => ({
      what: `read the page tables of 1 GiB, of ${gibs}`,
      unit: "ms",
      values: valuesOf(() => readMs(gibs)),
      baseline: one,
      targets: [{ of: "ratio", is: "at most", limit: 1.5 }],
    })),
    {
      what: `read the page tables of 1 TiB with ${STRAY_PAGES} pages`,
      unit: "ms",
      values: valuesOf(readSparse),
      targets: [{ of: "median", is: "at most", limit: 2 }],
    },
  ];
}

function measureLoading(variant: WalkVariant, limit: number): Figure {
  return {
    what: `load the program, ${variant.run} with ${variant.loop}`,
    unit: "ms",
    values: valuesOf(() => cpuMs(() => openReader([variant])[Symbol.dispose]())),
    targets: [{ of: "median", is: "at most", limit }],
  };
}

export const PAGE_TABLE: Benchmark = {
  name: "page_table",
  about: "reading page tables of 1 to 64 GiB and of a sparse terabyte, next to smaps; loading",
  run(): Promise<Outcome[]> | Outcome[] {
    const reason = whyNoPageTables();
    if (reason !== undefined) return [{ what: "all of it", reason }];
    return inFolder(0, async (folder) => {
      using target = await MappedTarget.start(folder, GIBS);
      using own = new DisposableStack();
      const open = (path: string): number =>
        own.adopt(openAt(AT_FDCWD, `/proc/${target.pid}${path}`, O_RDONLY), close);
      const reader = own.use(openReader());
      const setting = { target, reader, pagemapFd: open("/pagemap"), dirFd: open("") };
      const limits = { bpf_loop: 5, bounded: 150 };
      return [
        ...measureReading(setting),
        ...WALK_VARIANTS.map((variant) => measureLoading(variant, limits[variant.loop])),
      ];
    });
  },
};
