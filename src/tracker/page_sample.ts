const MOST = 64;

/** At most 64 of any number of pages, spread over them evenly. */
export class PageSample {
  #pages: number[] = [];
  #seen = 0;
  /** One in so many is kept. */
  #stride = 1;

  get pages(): readonly number[] {
    return this.#pages;
  }

  add(page: number): void {
    if (this.#seen++ % this.#stride !== 0) return;
    this.#pages.push(page);
    if (this.#pages.length < MOST) return;
    this.#pages = this.#pages.filter((_, i) => i % 2 === 0);
    this.#stride *= 2;
  }
}
