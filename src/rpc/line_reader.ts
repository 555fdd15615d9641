/** The longest line of v2 in bytes, its newline included. */
export const MAX_LINE_BYTES = 64 * 1024;

const NEWLINE = 0x0a;

/** Cuts a byte stream into lines, however it arrives. */
export class LineReader {
  #pieces: Uint8Array[] = [];
  /** Bytes of a line whose newline has not come yet. */
  #pendingBytes = 0;

  /**
   * Takes the next bytes of the stream; they are copied where they are kept.
   * @returns the lines that are complete now, without their newlines.
   * @throws {RangeError} when a line is over MAX_LINE_BYTES; the reader is of no use then.
   */
  push(bytes: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.#keep(bytes, start, end, 1);
      lines.push(Buffer.concat(this.#pieces));
      this.#pieces = [];
      this.#pendingBytes = 0;
      start = end + 1;
    }
    if (start < bytes.length) this.#keep(bytes, start, bytes.length, 0);
    return lines;
  }

  #keep(bytes: Uint8Array, start: number, end: number, newlineBytes: number): void {
    this.#pendingBytes += end - start;
    if (this.#pendingBytes + newlineBytes > MAX_LINE_BYTES) {
      throw new RangeError(`the line is longer than ${MAX_LINE_BYTES} bytes`);
    }
    this.#pieces.push(bytes.slice(start, end));
  }
}
