const NEWLINE = 0x0a;
const DECODER = new TextDecoder();

/** Cuts bytes into lines of text; what is no UTF-8 is replaced. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #take: (line: string) => void;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  /** @param maxBytes a longer line is cut into several. */
  constructor(maxBytes: number, take: (line: string) => void) {
    this.#maxBytes = maxBytes;
    this.#take = take;
  }

  push(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      const end = rest.indexOf(NEWLINE);
      const room = this.#maxBytes - this.#bytes;
      const length = Math.min(end < 0 ? rest.length : end, room);
      const piece = rest.subarray(0, length);
      const isLine = end === length;
      rest = rest.subarray(isLine ? length + 1 : length);
      if (isLine && length > 0 && this.#bytes === 0) {
        this.#take(DECODER.decode(piece));
        continue;
      }
      this.#pieces.push(piece.slice());
      this.#bytes += length;
      if (isLine || this.#bytes === this.#maxBytes) this.flush();
    }
  }

  /** Gives out the unfinished line, if there is one. */
  flush(): void {
    if (this.#bytes > 0) this.#take(DECODER.decode(Buffer.concat(this.#pieces)));
    this.#pieces = [];
    this.#bytes = 0;
  }
}
