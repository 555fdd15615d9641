/** A page that the kernel kept is left alone for 1, 2, 4 … rounds, but for no more than these. */
const LONGEST_PAUSE = 64;
/** More are not remembered: they are tried in each round. */
const MOST_PAGES = 64 * 1024;

interface Stuck {
  pause: number;
  /** Round in which it is tried again. */
  again: number;
}

/**
 * The pages of a process that the kernel does not let go, such as those that a device has pinned.
 * Being the hottest, they would use up the quota of every round, and disturb the process each time.
 */
export class StuckPages {
  readonly #pages = new Map<number, Stuck>();

  /**
   * Forgets pages that were tried again and not kept again.
   * @returns the pages that are left alone in a round, ascending.
   */
  takeHeld(round: number): Float64Array<ArrayBuffer> {
    const held: number[] = [];
    for (const [page, { again }] of this.#pages) {
      if (again > round) held.push(page);
      else if (again < round) this.#pages.delete(page);
    }
    return Float64Array.from(held).sort();
  }

  /** Takes note of pages that were kept in a round. */
  add(pages: readonly number[], round: number): void {
    for (const page of pages) {
      const known = this.#pages.get(page);
      if (known === undefined && this.#pages.size >= MOST_PAGES) continue;
      const pause = Math.min(LONGEST_PAUSE, known === undefined ? 1 : known.pause * 2);
      this.#pages.set(page, { pause, again: round + 1 + pause });
    }
  }
}
