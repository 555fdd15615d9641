import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE } from "../../ffi/libc.ts";
import { OwnPages } from "../../ffi/own_mappings.ts";
import { Pagemap, pageOf } from "../procfs/pagemap.ts";
import type { LoadedWalk } from "./loaded_walk.ts";
import {
  ARM64_PROT_NONE_BITS,
  entryBytes,
  layoutOf,
  type PageTableLayout,
  TABLE_ENTRIES,
} from "./page_table_layout.ts";
import { type PageTablePlace, PageTableReader } from "./page_table_reader.ts";
import { PageTablesMissing } from "./page_tables_missing.ts";
import { NO_WINDOW, WALK, WALK_STATE } from "./walk_memory.ts";
import { because } from "../reason/reasons.ts";

/**
 * The kernel's map of all memory begins at a multiple of this, with or without KASLR: PUD_SIZE in
 * arch/x86/mm/kaslr.c, ARM64_MEMSTART_ALIGN in arch/arm64/mm/init.c.
 */
const ALIGN_BYTES = 2 ** 30;
/** Places that are tried: memory up to 32 TiB. A try takes some 10 us. */
const MOST_TRIES = 32 * 1024;

/**
 * Memory encryption marks entries by a bit from 47 on, which is no part of an address
 * (arch/x86/mm/mem_encrypt_amd.c).
 */
const UNENCRYPTED_MASK = 0x0000_7fff_ffff_f000n;

/** Opens pagemap of this process for a piece of work. @throws {SystemCallError} */
export function withOwnPagemap<T>(work: (fd: number) => T): T {
  const fd = openAt(AT_FDCWD, "/proc/self/pagemap", O_RDONLY);
  try {
    return work(fd);
  } finally {
    close(fd);
  }
}

/** Pages of ours, all that one table shows, of which some by chance are there. */
class ChancePages implements Disposable {
  readonly address: number;
  readonly #own: OwnPages;
  readonly #isThere: readonly boolean[];

  constructor() {
    const tableBytes = entryBytes(1);
    this.#own = new OwnPages(tableBytes, tableBytes);
    this.address = this.#own.address;
    const chance = crypto.getRandomValues(new Uint8Array(TABLE_ENTRIES));
    this.#isThere = Array.from(chance, (byte) => byte % 8 === 0);
    this.#isThere.forEach((is, page) => {
      if (is) this.#own.write(page);
    });
  }

  /** Whether the reader shows them, and nothing else. */
  areReadBy(reader: PageTableReader, pagemapFd: number): boolean {
    const isRead = reader.read(pagemapFd, this.address, this.address + entryBytes(1));
    if (!isRead || reader.count !== 1 || reader.level(0) !== 0 || reader.hasChanged(0)) {
      return false;
    }
    const { present } = reader.layout.bits;
    return this.#isThere.every((is, page) =>
      is === (((reader.words[2 * page]! >>> present) & 1) === 1)
    );
  }

  /** The physical address of one of them; 0 where this process may not know. */
  physicalAddress(pagemapFd: number): number {
    const page = pageOf(this.address) + this.#isThere.indexOf(true);
    const pagemap = new Pagemap(pagemapFd);
    return pagemap.load(page, page + 1) === 0 ? 0 : pagemap.frame(page) * PAGE_SIZE;
  }

  [Symbol.dispose](): void {
    this.#own[Symbol.dispose]();
  }
}

/** The kernel's address of the top table of this process. @throws {PageTablesMissing} */
function ownTopTable(walk: LoadedWalk, pagemapFd: number): bigint {
  const { buffer } = walk.value;
  const control = new Uint32Array(buffer, 0, 4);
  const wide = new BigUint64Array(buffer, 0, WALK.windowEntries / 8);
  control[WALK.pagemapFd / 4] = pagemapFd;
  wide[WALK.end / 8] = 0n;
  wide[WALK.window / 8] = NO_WINDOW;
  walk.run();
  if (control[WALK.state / 4] === WALK_STATE.read) return wide[WALK.topTable / 8]!;
  throw new PageTablesMissing(because("page_tables_not_found"));
}

/** Numbers from 0 to `end`, those near `start` first. */
function* nearest(start: number, end: number): Generator<number> {
  for (let distance = 0; distance < end; distance++) {
    if (start + distance < end) yield start + distance;
    if (distance > 0 && start - distance >= 0) yield start - distance;
  }
}

/**
 * Tries where the kernel's map of all memory may begin, until pages of ours are read through it.
 * The top table lies in that map, likely in the same GiB of memory as they do.
 */
function findDirectMap(
  walk: LoadedWalk,
  layout: PageTableLayout,
  topTable: bigint,
  pagemapFd: number,
): bigint | undefined {
  using pages = new ChancePages();
  const likely = Math.floor(pages.physicalAddress(pagemapFd) / ALIGN_BYTES);
  const top = topTable - topTable % BigInt(ALIGN_BYTES);
  for (const distance of nearest(Math.min(likely, MOST_TRIES - 1), MOST_TRIES)) {
    const directMap = top - BigInt(distance) * BigInt(ALIGN_BYTES);
    if (pages.areReadBy(new PageTableReader(walk, { layout, directMap }), pagemapFd)) {
      return directMap;
    }
  }
  return undefined;
}

/** Which bit of an entry says that the page has no access rights, seen at a page of ours. */
function findProtNone(walk: LoadedWalk, place: PageTablePlace, pagemapFd: number): PageTableLayout {
  const { layout } = place;
  using pages = new OwnPages(entryBytes(1), entryBytes(1));
  pages.write(0);
  pages.forbid(0);
  const reader = new PageTableReader(walk, place);
  reader.read(pagemapFd, pages.address, pages.address + PAGE_SIZE);
  const protNone = ARM64_PROT_NONE_BITS.find((bit) =>
    ((reader.words[bit >>> 5]! >>> (bit & 31)) & 1) === 1
  );
  if (protNone === undefined) throw new PageTablesMissing(because("prot_none_unknown"));
  return { ...layout, bits: { ...layout.bits, protNone } };
}

/** Finds the page tables of this kernel. @throws {PageTablesMissing | SystemCallError} */
export function findPageTables(walk: LoadedWalk): PageTablePlace {
  return withOwnPagemap((pagemapFd) => {
    const topTable = ownTopTable(walk, pagemapFd);
    const known = layoutOf(process.arch, PAGE_SIZE, topTable);
    if (known === undefined) {
      const where = `${process.arch}, pages of ${PAGE_SIZE} bytes, tables at 0x${
        topTable.toString(16)
      }`;
      throw new PageTablesMissing(because("page_tables_unknown", where));
    }
    for (const mask of [known.addressMask, known.addressMask & UNENCRYPTED_MASK]) {
      const layout = { ...known, addressMask: mask };
      const directMap = findDirectMap(walk, layout, topTable, pagemapFd);
      if (directMap === undefined) continue;
      const place = { layout, directMap };
      return process.arch === "arm64"
        ? { directMap, layout: findProtNone(walk, place, pagemapFd) }
        : place;
    }
    throw new PageTablesMissing(because("no_direct_map"));
  });
}
