/** So many units further on stands the next row that is remembered. */
const STRIDE = 256;

/**
 * Finds the rows of a table in which units of one kind stand, by the order of those units: in place
 * of a column of 8 bytes a unit, the row of each 256th.
 */
export class UnitRows {
  readonly #kind: Uint8Array;
  readonly #unit: number;
  readonly #marks: Float64Array;
  /** Units of the kind. */
  readonly count: number;

  /** @param kind the column of a table. @param unit the kind that is looked for. */
  constructor(kind: Uint8Array, unit: number) {
    const marks: number[] = [];
    let count = 0;
    for (let row = 0; row < kind.length; row++) {
      if (kind[row] !== unit) continue;
      if (count % STRIDE === 0) marks.push(row);
      count++;
    }
    this.#kind = kind;
    this.#unit = unit;
    this.#marks = Float64Array.from(marks);
    this.count = count;
  }

  /**
   * @returns the row of the unit with an index below `count`. Indices that ascend cost no more than
   * a look at each row between them.
   */
  reader(): (index: number) => number {
    let row = -1;
    let at = -1;
    return (index) => {
      const mark = Math.floor(index / STRIDE);
      if (index < at || mark > Math.floor(at / STRIDE) || at < 0) {
        at = mark * STRIDE;
        row = this.#marks[mark]!;
      }
      while (at < index) if (this.#kind[++row] === this.#unit) at++;
      return row;
    };
  }
}
