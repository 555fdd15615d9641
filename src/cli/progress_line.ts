import { formatBytes, formatShare } from "../text/quantities.ts";
import { Output, OutputError } from "./output.ts";
import { isCharacterDevice } from "./terminal_text.ts";

/** Goes to the beginning of the line, and clears it (ECMA-48 EL). */
const CLEAR = "\r\x1b[K";

/** How far something is: a line on a terminal that is written over, and nothing elsewhere. */
export class ProgressLine {
  readonly #fd: number;
  #output: Output | undefined;
  #isTerminal: boolean | undefined;
  #isShown = false;

  /** @param fd of standard error. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  show(doneBytes: number, allBytes: number): void {
    const share = formatShare(doneBytes, allBytes);
    if (this.#write(`${CLEAR}${formatBytes(doneBytes)} of ${formatBytes(allBytes)} (${share})`)) {
      this.#isShown = true;
    }
  }

  /** Takes the line away, if there is one. */
  clear(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#write(CLEAR);
  }

  /** @returns whether it goes to a terminal. What cannot be written is not missed. */
  #write(text: string): boolean {
    this.#isTerminal ??= isCharacterDevice(this.#fd);
    if (!this.#isTerminal) return false;
    this.#output ??= new Output(this.#fd);
    try {
      this.#output.write(text);
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      this.#isTerminal = false;
    }
    return this.#isTerminal;
  }
}
