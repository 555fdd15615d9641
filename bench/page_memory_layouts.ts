import { WINDOW_ENTRIES } from "../src/procfs/pagemap.ts";
import { FrameSet } from "../src/tracker/frame_set.ts";
import { decodeIdlePages } from "../src/tracker/idle_pages_stream.ts";
import { PageCounts } from "../src/tracker/page_counts.ts";
import { PresentFrames } from "../src/tracker/present_frames.ts";

/** A way in which pages are present and are looked at. */
export interface Layout {
  readonly name: string;
  /** What a present page may take; undefined: there is no target. */
  readonly bytesPerPage?: number;
  /** Scans so many present pages SCANS times. */
  readonly scan: (pages: number) => Scanned;
}

/** What scans leave. */
export interface Scanned {
  readonly counts: PageCounts;
  /** What must not be collected before memory was measured. */
  readonly kept?: unknown;
}

export const SCANS = 3;
const START_PAGE = 0x7f00_0000_0000 / 4096;
const ANSWER = new Uint8Array(64 * 1024);
const ANSWER_VIEW = new DataView(ANSWER.buffer);

const SET_ADDRESS = 0xa0;
/** A set-address and its 8 bytes. */
const HEADER_BYTES = 9;
const ACCESSED_ONE = 0x01;
const IDLE_ONE = 0x51;
const HOLE_15 = 0x8f;

/**
 * Scans by decoding answers that repeat a few bytes,
 * which stand for `mapped` pages of which `present` are there.
 */
function scanStream(
  pages: number,
  unit: { readonly bytes: readonly number[]; readonly mapped: number; readonly present: number },
): Scanned {
  const units = Math.floor((ANSWER.length - HEADER_BYTES) / unit.bytes.length);
  ANSWER[0] = SET_ADDRESS;
  for (let i = 0; i < units * unit.bytes.length; i++) {
    ANSWER[HEADER_BYTES + i] = unit.bytes[i % unit.bytes.length] ?? 0;
  }
  const counts = new PageCounts();
  const end = START_PAGE + (pages / unit.present) * unit.mapped;
  const ranges = [{ from: START_PAGE, to: end }];
  for (let i = 0; i < SCANS; i++) {
    counts.beginScan();
    for (let page = START_PAGE; page < end;) {
      ANSWER_VIEW.setBigUint64(1, BigInt(page * 4096));
      const taken = Math.min(units, (end - page) / unit.mapped);
      decodeIdlePages(ANSWER, HEADER_BYTES + taken * unit.bytes.length, counts, ranges, 0);
      page += taken * unit.mapped;
    }
    counts.endScan();
  }
  return { counts };
}

/** What the page_idle tracker holds while it scans: frames marked, still idle, and present now. */
function scanFrames(pages: number, spread: number): Scanned {
  const counts = new PageCounts();
  let marked = new FrameSet();
  let idle = new FrameSet();
  for (let i = 0; i < SCANS; i++) {
    idle = new FrameSet(
      marked.blocks().map(([number, words]) => [number, words.slice()] as const),
    );
    let first = 0;
    using present = new PresentFrames({
      isPresentAt: () => true,
      frameAt: (index) => (first + index) * spread,
    });
    for (; first < pages; first += WINDOW_ENTRIES) {
      present.pages(START_PAGE + first, 0, Math.min(WINDOW_ENTRIES, pages - first));
    }
    counts.beginScan();
    present.count(idle, counts);
    counts.endScan();
    marked = present.set;
  }
  return { counts, kept: [marked, idle] };
}

/** What the pages of a process may look like. */
export const LAYOUTS: readonly Layout[] = [
  {
    name: "idle_pages",
    bytesPerPage: 2,
    scan: (pages) => scanStream(pages, { bytes: [ACCESSED_ONE, IDLE_ONE], mapped: 2, present: 2 }),
  },
  {
    name: "idle_pages, every 16th page present",
    scan: (pages) => scanStream(pages, { bytes: [ACCESSED_ONE, HOLE_15], mapped: 16, present: 1 }),
  },
  { name: "page_idle", bytesPerPage: 10, scan: (pages) => scanFrames(pages, 1) },
  {
    name: "page_idle, frames spread over 4 times the memory",
    bytesPerPage: 10,
    scan: (pages) => scanFrames(pages, 4),
  },
];
