import fs from "node:fs";

const QUESTION_MARK = 0x3f;
const TAB = 0x09;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const DELETE = 0x7f;
/** In UTF-8 the control characters U+0080 to U+009F are this byte and one of 0x80 to 0x9F. */
const C1_LEAD = 0xc2;
const C1_FIRST = 0x80;
const C1_LAST = 0x9f;

/**
 * Text on its way to a terminal, in pieces: control characters other than newline and tab show as
 * `?`, so that nothing that a server or a third-party engine answers steers it.
 * Text for files and pipes stays as it is.
 */
export class TerminalText {
  readonly #isTerminal: boolean;
  #last = 0;

  /** @param fd where the text goes. */
  constructor(fd: number) {
    this.#isTerminal = isCharacterDevice(fd);
  }

  /** What of the next piece is to be written. */
  clean(text: Uint8Array | string): Uint8Array | string {
    if (!this.#isTerminal) return text;
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    return bytes.map((byte) => {
      const isC1 = this.#last === C1_LEAD && byte >= C1_FIRST && byte <= C1_LAST;
      this.#last = byte;
      const isC0 = (byte < SPACE && byte !== NEWLINE && byte !== TAB) || byte === DELETE;
      return isC0 || isC1 ? QUESTION_MARK : byte;
    });
  }
}

/**
 * A terminal is one; node:tty would say it more exactly,
 * and take longer to load than a request takes.
 */
export function isCharacterDevice(fd: number): boolean {
  try {
    return fs.fstatSync(fd).isCharacterDevice();
  } catch {
    return false; // a closed descriptor: writing to it fails, and says so
  }
}
