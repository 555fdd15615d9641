/**
 * While the kernel looks at a piece, the process may wait: about so long. With a quarter of what
 * was 1 ms, one request in a hundred waits half as long on a single processor.
 */
const PIECE_MS = 0.25;
/** Weight of a piece in the mean time of a page where it took less than the mean. */
const WEIGHT = 1 / 2;

/**
 * Divides a scan into pieces, so that the kernel takes about 0.25 ms for each, with a pause as long
 * between two of them. How many pages that is, it learns from piece to piece.
 */
export class TimedPieces {
  readonly #least: number;
  readonly #most: number;
  #pages: number;
  #pageMs = 0;

  /** @param least pages of the smallest piece, and the first one. @param most of the largest. */
  constructor(least: number, most: number) {
    this.#least = least;
    this.#most = most;
    this.#pages = least;
  }

  /** Pages of the next piece. */
  get pages(): number {
    return this.#pages;
  }

  /**
   * Learns from a piece.
   * @param pages what the kernel looked at. @returns how long to rest, in milliseconds.
   */
  note(pages: number, ms: number): number {
    if (pages > 0) {
      const pageMs = ms / pages;
      this.#pageMs = pageMs > this.#pageMs
        ? pageMs
        : this.#pageMs + WEIGHT * (pageMs - this.#pageMs);
    }
    // It grows step by step: the next pages may be of another kind.
    const wanted = Math.min(PIECE_MS / this.#pageMs, 2 * this.#pages);
    this.#pages = Math.floor(Math.min(Math.max(wanted, this.#least), this.#most));
    return ms;
  }
}
