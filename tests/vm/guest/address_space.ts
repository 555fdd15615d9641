import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";

export const PAGE_BYTES = 4096;

const PRESENT = 1;
/** Of whereabouts(): the page is in swap. */
export const SWAPPED = 2;

const PAGEMAP_PRESENT = 1 << 31; // bit 63 of an entry: bit 31 of its high half
const PAGEMAP_SWAPPED = 1 << 30; // bit 62

/**
 * Where the pages of a range are, a byte a page: 0 nowhere, 1 present, 2 SWAPPED
 * (Documentation/admin-guide/mm/pagemap.rst). Read here and not by src/procfs,
 * which is what is tested.
 */
export function whereabouts(pid: number, start: number, sizeBytes: number): Uint8Array {
  const pages = sizeBytes / PAGE_BYTES;
  const result = new Uint8Array(pages);
  const entries = new Int32Array(2 * 16384);
  const fd = openSync(`/proc/${pid}/pagemap`, "r");
  try {
    for (let first = 0; first < pages;) {
      const want = Math.min(entries.length / 2, pages - first);
      const got = readSync(fd, entries, 0, want * 8, (start / PAGE_BYTES + first) * 8) / 8;
      if (got === 0) throw new Error(`pagemap of ${pid} ends at page ${first} of ${pages}`);
      for (let i = 0; i < got; i++) {
        const high = entries[2 * i + 1] ?? 0;
        if ((high & PAGEMAP_PRESENT) !== 0) result[first + i] = PRESENT;
        else if ((high & PAGEMAP_SWAPPED) !== 0) result[first + i] = SWAPPED;
      }
      first += got;
    }
  } finally {
    closeSync(fd);
  }
  return result;
}

interface Mapping {
  readonly start: number;
  readonly end: number;
}

/** The mappings that slide scans: private, not executable, and anonymous or writable. */
export function scannedMappings(pid: number): Mapping[] {
  const line = /^([0-9a-f]+)-([0-9a-f]+) .(.)(.)(.) [0-9a-f]+ \S+ (\d+)/gm;
  return Array.from(readFileSync(`/proc/${pid}/maps`, "utf8").matchAll(line)).flatMap((match) => {
    const [, start = "", end = "", write, execute, share, inode] = match;
    const scanned = share === "p" && execute !== "x" && (inode === "0" || write === "w");
    return scanned ? [{ start: parseInt(start, 16), end: parseInt(end, 16) }] : [];
  });
}

/**
 * Bytes that are present outside of a range, in small mappings that slide scans: stack, data, heap.
 */
export function presentElsewhere(pid: number, start: number, sizeBytes: number): number {
  let bytes = 0;
  for (const mapping of scannedMappings(pid)) {
    if (mapping.start <= start && start + sizeBytes <= mapping.end) continue;
    const pages = whereabouts(pid, mapping.start, mapping.end - mapping.start);
    bytes += pages.reduce((n, where) => n + (where === PRESENT ? 1 : 0), 0) * PAGE_BYTES;
  }
  return bytes;
}

/** Anonymous memory of the process that huge pages map. */
export function hugeBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^AnonHugePages: +(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
}

/** Swaps pages out by hand, as a mover would by /proc/PID/swap_pages. */
export function swapOut(pid: number, addresses: readonly number[]): void {
  const fd = openSync(`/proc/${pid}/swap_pages`, "w");
  try {
    for (let i = 0; i < addresses.length; i += 256) {
      const lines = addresses.slice(i, i + 256).map((address) => `0x${address.toString(16)}\n`);
      writeSync(fd, lines.join(""));
    }
  } finally {
    closeSync(fd);
  }
}
