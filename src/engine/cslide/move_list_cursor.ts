import type { MoveList } from "./plan_round.ts";

/** How far the work on some lists has come. */
export class MoveListCursor {
  readonly #lists: readonly MoveList[];
  #list = 0;
  #at = 0;

  constructor(lists: readonly MoveList[]) {
    this.#lists = lists;
  }

  /** The list in hand, and the index of its next unit. */
  get current(): { readonly list: MoveList; readonly at: number } | undefined {
    const list = this.#lists[this.#list];
    return list === undefined ? undefined : { list, at: this.#at };
  }

  /** Passes over units of the list in hand. */
  advance(units: number): void {
    this.#at += units;
    while (this.#list < this.#lists.length && this.#at >= this.#lists[this.#list]!.page.length) {
      this.#list++;
      this.#at = 0;
    }
  }
}
