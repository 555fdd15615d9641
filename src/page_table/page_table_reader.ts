import { entryBytes, type PageTableLayout } from "./page_table_layout.ts";
import type { LoadedWalk } from "./loaded_walk.ts";
import type { PageTableReading } from "./page_table_slots.ts";
import { HEAD, NO_WINDOW, WALK, WALK_STATE } from "./walk_memory.ts";

const WORD_BYTES = 4;
const HEAD_WORDS = HEAD.sizeBytes / WORD_BYTES;
const HIGH = 0x1_0000_0000;

/** Where the page tables of this kernel are found, and how they look. */
export interface PageTablePlace {
  readonly layout: PageTableLayout;
  /** The kernel's address of physical address 0, whether that is memory or not. */
  readonly directMap: bigint;
}

/** Reads page tables by a walk program, one run for each call. */
export class PageTableReader implements PageTableReading {
  readonly layout: PageTableLayout;
  readonly words: Uint32Array;
  count = 0;
  walkEnd = 0;
  readonly #walk: LoadedWalk;
  readonly #control: Uint32Array;
  readonly #wide: BigUint64Array;
  readonly #heads: Uint32Array;

  /** @param walk is disposed of with the reader. */
  constructor(walk: LoadedWalk, { layout, directMap }: PageTablePlace) {
    const { buffer } = walk.value;
    this.layout = layout;
    this.#walk = walk;
    this.#control = new Uint32Array(buffer, 0, WALK.windowEntries / WORD_BYTES);
    this.#wide = new BigUint64Array(buffer, 0, WALK.windowEntries / 8);
    this.#heads = new Uint32Array(buffer, WALK.heads, (WALK.tables - WALK.heads) / WORD_BYTES);
    this.words = new Uint32Array(buffer, WALK.tables);
    this.#control[WALK.levels / WORD_BYTES] = layout.levels;
    this.#wide[WALK.addressMask / 8] = layout.addressMask;
    this.#wide[WALK.directMap / 8] = directMap;
  }

  read(pagemapFd: number, from: number, to: number): boolean {
    const control = this.#control;
    this.count = 0;
    control[WALK.pagemapFd / WORD_BYTES] = pagemapFd;
    control[WALK.state / WORD_BYTES] = WALK_STATE.notRun;
    control[WALK.slots / WORD_BYTES] = 0;
    this.#setAddress(WALK.position, from);
    this.#setAddress(WALK.end, to);
    this.#wide[WALK.window / 8] = NO_WINDOW;
    this.#walk.run();
    const state = control[WALK.state / WORD_BYTES];
    if (state === WALK_STATE.gone) return false;
    if (state !== WALK_STATE.read) {
      throw new Error(`Cannot read page tables of descriptor ${pagemapFd}: not found (${state})`);
    }
    this.count = control[WALK.slots / WORD_BYTES]!;
    this.walkEnd = Math.min(to, addressAt(control, WALK.position / WORD_BYTES));
    return true;
  }

  address(slot: number): number {
    const address = addressAt(this.#heads, HEAD_WORDS * slot + HEAD.address / WORD_BYTES);
    const bytes = entryBytes(this.level(slot) === 0 ? 1 : this.level(slot));
    return address - address % bytes;
  }

  level(slot: number): number {
    return this.#heads[HEAD_WORDS * slot + HEAD.level / WORD_BYTES]!;
  }

  hasChanged(slot: number): boolean {
    return this.#heads[HEAD_WORDS * slot + HEAD.changed / WORD_BYTES] !== 0;
  }

  [Symbol.dispose](): void {
    this.#walk[Symbol.dispose]();
  }

  #setAddress(offset: number, address: number): void {
    this.#control[offset / WORD_BYTES] = address % HIGH;
    this.#control[offset / WORD_BYTES + 1] = address / HIGH;
  }
}

function addressAt(words: Uint32Array, at: number): number {
  return words[at]! + words[at + 1]! * HIGH;
}
