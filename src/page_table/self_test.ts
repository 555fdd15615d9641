import { OwnPages } from "../../ffi/own_mappings.ts";
import { Pagemap, pageOf } from "../procfs/pagemap.ts";
import { withOwnPagemap } from "./find_page_tables.ts";
import { entryBytes } from "./page_table_layout.ts";
import type { PageTableReader } from "./page_table_reader.ts";

/** Pages that are there; of these every third is used. Behind them there is none. */
const PAGES = 24;
const isUsed = (page: number): boolean => page % 3 === 0;
/** The kernel may clear accessed bits and move pages at any time, for purposes of its own. */
const TRIES = 3;

/** The table of some pages of ours, and what is known of it otherwise. */
class TestTable {
  readonly #reader: PageTableReader;
  readonly #pagemapFd: number;
  readonly #address: number;

  constructor(reader: PageTableReader, pagemapFd: number, address: number) {
    this.#reader = reader;
    this.#pagemapFd = pagemapFd;
    this.#address = address;
  }

  /** @returns what is wrong. @throws {SystemCallError} */
  look(isAccessed: (page: number) => boolean): string | undefined {
    const reader = this.#reader;
    const from = this.#address;
    if (!reader.read(this.#pagemapFd, from, from + entryBytes(1))) return "no memory is found";
    if (reader.count !== 1 || reader.level(0) !== 0 || reader.address(0) !== from) {
      return "their table is not found";
    }
    for (let page = 0; page <= PAGES; page++) {
      const { present, accessed, dirty } = reader.layout.bits;
      const isThere = page < PAGES;
      if (this.#bit(page, present) !== isThere) return "which of them are there";
      if (isThere && this.#bit(page, accessed) !== isAccessed(page)) {
        return "which of them were used";
      }
      if (isThere && !dirty.some((bit) => this.#bit(page, bit))) return "that they were written to";
    }
    return this.#compareFrames();
  }

  #bit(page: number, bit: number): boolean {
    return ((this.#reader.words[2 * page + (bit >>> 5)]! >>> (bit & 31)) & 1) === 1;
  }

  #compareFrames(): string | undefined {
    const pagemap = new Pagemap(this.#pagemapFd);
    const first = pageOf(this.#address);
    if (pagemap.load(first, first + PAGES) < PAGES) return "pagemap does not show them";
    for (let page = 0; page < PAGES; page++) {
      const frame = pagemap.frame(first + page);
      if (frame !== 0 && frame !== this.#frame(page)) return "in which frames they are";
    }
    return undefined;
  }

  #frame(page: number): number {
    const { words, layout } = this.#reader;
    const entry = BigInt(words[2 * page + 1]!) << 32n | BigInt(words[2 * page]!);
    return Number((entry & layout.addressMask) >> 12n);
  }
}

/** @throws {SystemCallError} */
function testOnce(reader: PageTableReader, pagemapFd: number): string | undefined {
  using pages = new OwnPages(entryBytes(1), entryBytes(1));
  const table = new TestTable(reader, pagemapFd, pages.address);
  for (let page = 0; page < PAGES; page++) pages.write(page);
  pages.forgetUse();
  const wrong = table.look(() => false);
  if (wrong !== undefined) return wrong;
  for (let page = 0; page < PAGES; page++) {
    if (isUsed(page)) pages.use(page);
  }
  return table.look(isUsed);
}

/**
 * Reads the table of pages of this process that were written to, have their accessed bits cleared,
 * and are used in part. @returns what is not read right; undefined when all is.
 * @throws {SystemCallError}
 */
export function selfTest(reader: PageTableReader): string | undefined {
  return withOwnPagemap((pagemapFd) => {
    let wrong: string | undefined;
    for (let tries = 0; tries < TRIES; tries++) {
      wrong = testOnce(reader, pagemapFd);
      if (wrong === undefined) return undefined;
    }
    return wrong;
  });
}
