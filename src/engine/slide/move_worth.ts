import { SystemCallError } from "../../../ffi/errno.ts";
import { monotonicMs, PAGE_SIZE } from "../../../ffi/libc.ts";
import { type Payoff, whyNotWorth } from "../../guard/payoff.ts";
import { UNWRITTEN } from "../../mover/page_out.ts";
import { MovedTally, StoreCost } from "../../mover/store_cost.ts";
import type { Reason } from "../../reason/reasons.ts";
import { ProcfsError } from "../../procfs/read_file.ts";

/** A move is judged again after so much of it. */
const JUDGED_PAGES = 16 * 2 ** 20 / PAGE_SIZE;

/** What of a MoveOrder matters here. A dry run costs nothing, and frees nothing. */
interface WorthOrder {
  readonly movedByAll?: Int32Array;
  readonly isDryRun?: boolean;
}

/** What a move has come to before it rested, as plain data. */
export interface MoveWorthData {
  readonly pages: number;
  readonly judgedPages: number;
  readonly costBytes: number;
}

/** Finds out what the moves of a process in a round free, and ends them when that is too little. */
export class MoveWorth {
  readonly #payoff: Payoff;
  readonly #cost: StoreCost;
  readonly #errors: string[];
  readonly #isDryRun: boolean;
  /** From before it rested. */
  readonly #costBefore: number;
  #pages: number;
  #judgedPages: number;

  /**
   * @param errors takes why it is not known what a move costs.
   * @param before what it goes on with.
   */
  constructor(
    payoff: Payoff,
    { movedByAll, isDryRun = false }: WorthOrder,
    errors: string[],
    before?: MoveWorthData,
  ) {
    this.#costBefore = before?.costBytes ?? 0;
    this.#pages = before?.pages ?? 0;
    this.#judgedPages = before?.judgedPages ?? 0;
    this.#payoff = payoff;
    this.#isDryRun = isDryRun;
    this.#cost = new StoreCost(new MovedTally(movedByAll));
    this.#errors = errors;
  }

  /** Called before each batch. @returns why no more is to move, in this round or since another. */
  refresh(): Reason | undefined {
    if (this.#isDryRun) return undefined;
    const paused = this.#payoff.pausedFor(monotonicMs());
    if (paused !== undefined) return paused.reason;
    this.#read(() => this.#cost.begin());
    this.#cost.tell();
    if (this.#pages - this.#judgedPages < JUDGED_PAGES) return undefined;
    this.#judgedPages = this.#pages;
    const movedBytes = this.#pages * PAGE_SIZE;
    const freedBytes = movedBytes - this.costBytes();
    return whyNotWorth({ movedBytes, freedBytes, unwrittenBytes: 0 });
  }

  /** Takes note of a page that has moved to swap. */
  addPage(): void {
    this.#pages++;
    this.#cost.addPage();
  }

  /**
   * Ends the moves of the round.
   * @param refused base pages by reason. @returns DRAM that the compressed copies cost, in bytes.
   */
  end(refused: ReadonlyMap<Reason, number>): number {
    if (this.#isDryRun) return 0;
    const costBytes = this.costBytes();
    const movedBytes = this.#pages * PAGE_SIZE;
    const unwrittenBytes = (refused.get(UNWRITTEN) ?? 0) * PAGE_SIZE;
    this.#payoff.note(
      { movedBytes, freedBytes: movedBytes - costBytes, unwrittenBytes },
      monotonicMs(),
    );
    return costBytes;
  }

  toData(): MoveWorthData {
    return { pages: this.#pages, judgedPages: this.#judgedPages, costBytes: this.costBytes() };
  }

  /** DRAM that the compressed copies cost so far. */
  costBytes(): number {
    if (this.#isDryRun) return 0;
    return this.#costBefore + (this.#read(() => this.#cost.bytes()) ?? 0);
  }

  /** What cannot be read keeps nothing from moving. */
  #read<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof SystemCallError || error instanceof ProcfsError)) throw error;
      if (!this.#errors.includes(error.message)) this.#errors.push(error.message);
      return undefined;
    }
  }
}
