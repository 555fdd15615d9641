import { PAGE_SIZE } from "../../ffi/libc.ts";

/** Longest line: `0x`, 6 + 8 digits, newline; and the slack of the widest store. */
const LONGEST_LINE = 17;
const SLACK = 8;
const NEWLINE = 0x0a;
const UPPER_UNIT = 0x1_0000_0000;

/**
 * By byte, its two hexadecimal digits; the first is in the low half, as memory is little-endian.
 */
const DIGITS = Uint16Array.from({ length: 256 }, (_, byte) => {
  const text = byte.toString(16).padStart(2, "0");
  return text.charCodeAt(0) | (text.charCodeAt(1) << 8);
});

/**
 * Formats addresses for /proc/PID/swap_pages: `0x7f3a00000000\n`, one a line, always whole lines.
 */
export class SwapPagesText {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  /** Bytes of whole lines so far. */
  length = 0;

  /** @param lines how many it has room for. */
  constructor(lines: number) {
    this.bytes = new Uint8Array(lines * LONGEST_LINE + SLACK);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Replaces the text by the lines of `count` page numbers, ascending, from `from` on. */
  format(pages: Float64Array, from: number, count: number): void {
    const view = this.#view;
    let at = 0;
    let upper = -1;
    let prefixLow = 0;
    let prefixHigh = 0;
    let prefixLength = 0;
    for (let i = from; i < from + count; i++) {
      const address = pages[i]! * PAGE_SIZE;
      const above = Math.floor(address / UPPER_UNIT);
      if (above !== upper) {
        upper = above;
        const prefix = Buffer.alloc(8);
        prefixLength = prefix.write(`0x${above === 0 ? "" : above.toString(16)}`, "latin1");
        prefixLow = prefix.readInt32LE(0);
        prefixHigh = prefix.readInt32LE(4);
      }
      const low = (address - above * UPPER_UNIT) | 0;
      view.setInt32(at, prefixLow, true);
      view.setInt32(at + 4, prefixHigh, true);
      at += prefixLength;
      view.setUint16(at, DIGITS[low >>> 24]!, true);
      view.setUint16(at + 2, DIGITS[(low >>> 16) & 0xff]!, true);
      view.setUint16(at + 4, DIGITS[(low >>> 8) & 0xff]!, true);
      view.setUint16(at + 6, DIGITS[low & 0xff]!, true);
      view.setUint8(at + 8, NEWLINE);
      at += 9;
    }
    this.length = at;
  }
}
