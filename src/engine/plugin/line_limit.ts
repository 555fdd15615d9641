/**
 * Well below what journald takes from a service (10000 in 30 s)
 * before it drops the server's own lines, too.
 */
const MAX_LINES = 100;
const WINDOW_MS = 1_000;

/**
 * Lets so many lines a second through, counted from the first, and says how many it has left out.
 */
export class LineLimit {
  readonly #take: (line: string) => void;
  #window: ReturnType<typeof setTimeout> | undefined;
  #lines = 0;

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  /** Whether lines are left out at the moment. */
  get isFull(): boolean {
    return this.#lines > MAX_LINES;
  }

  take(line: string): void {
    this.#window ??= setTimeout(() => this.end(), WINDOW_MS);
    this.#lines += 1;
    if (this.#lines <= MAX_LINES) this.#take(line);
  }

  /** Begins anew; says what was left out until now. */
  end(): void {
    clearTimeout(this.#window);
    this.#window = undefined;
    const leftOut = this.#lines - MAX_LINES;
    this.#lines = 0;
    if (leftOut > 0) this.#take(`${leftOut} more lines, left out of the log`);
  }
}
