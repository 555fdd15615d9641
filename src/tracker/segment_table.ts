/** The columns of a SegmentTable, to be handed to another thread. */
export interface SegmentTableData {
  readonly count: number;
  readonly startPage: Float64Array<ArrayBuffer>;
  readonly length: Uint32Array<ArrayBuffer>;
  readonly chunk: Uint32Array<ArrayBuffer>;
  readonly offset: Uint32Array<ArrayBuffer>;
}

const FIRST_ROWS = 64;

/** Segments of neighbouring pages and where their bytes are, in columns. */
export class SegmentTable {
  /** Rows that there are; the columns are longer. */
  count = 0;
  startPage: Float64Array<ArrayBuffer> = new Float64Array(FIRST_ROWS);
  /** Pages, and bytes, of the segment. */
  length: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_ROWS);
  /** Index of the chunk with its bytes, and where they begin there. */
  chunk: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_ROWS);
  offset: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_ROWS);

  static fromData(data: SegmentTableData): SegmentTable {
    const table = new SegmentTable();
    table.count = data.count;
    table.startPage = data.startPage;
    table.length = data.length;
    table.chunk = data.chunk;
    table.offset = data.offset;
    return table;
  }

  toData(): SegmentTableData {
    const { count, startPage, length, chunk, offset } = this;
    return { count, startPage, length, chunk, offset };
  }

  /** First page behind a segment. */
  end(segment: number): number {
    return this.startPage[segment]! + this.length[segment]!;
  }

  /** Adds an empty segment. @returns its row. */
  add(page: number, chunk: number, offset: number): number {
    const segment = this.count++;
    if (segment === this.startPage.length) this.#rearrange(segment * 2, (i) => i);
    this.startPage[segment] = page;
    this.length[segment] = 0;
    this.chunk[segment] = chunk;
    this.offset[segment] = offset;
    return segment;
  }

  /**
   * Brings the rows into the order of pages; those before row `middle` are,
   * and so are those behind it.
   */
  merge(middle: number): void {
    if (middle === 0 || middle === this.count) return;
    const { count, startPage } = this;
    const order = new Uint32Array(count);
    let a = 0;
    let b = middle;
    for (let i = 0; i < count; i++) {
      const takeFirst = b >= count || (a < middle && startPage[a]! < startPage[b]!);
      order[i] = takeFirst ? a++ : b++;
    }
    this.#rearrange(startPage.length, (i) => order[i]!);
  }

  /** New columns of `rows` rows; row i is what was row `source(i)`. */
  #rearrange(rows: number, source: (row: number) => number): void {
    const copy = <T extends Float64Array | Uint32Array>(from: T, to: T): T => {
      const used = Math.min(this.count, from.length);
      for (let i = 0; i < used; i++) to[i] = from[source(i)]!;
      return to;
    };
    this.startPage = copy(this.startPage, new Float64Array(rows));
    this.length = copy(this.length, new Uint32Array(rows));
    this.chunk = copy(this.chunk, new Uint32Array(rows));
    this.offset = copy(this.offset, new Uint32Array(rows));
  }
}
