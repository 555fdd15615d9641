const NEWLINE = 0x0a;
/** What every refusal of a server begins with. */
const BEGINNING = new TextEncoder().encode("error: ");
/** A line that is longer is no refusal. */
const MAX_HELD_BYTES = 64 * 1024;

/**
 * Text on its way to standard output. v1 tells only at the end whether its last line is a refusal,
 * which belongs on standard error: a last line that begins like one is held back until more follows
 * it.
 */
export class ErrorLineHold {
  #held: Uint8Array = new Uint8Array(0);
  /** Whether what was let go ended with a newline. */
  #atLineStart = true;

  /** Takes the next text. @returns what of it may be printed now. */
  push(text: Uint8Array): Uint8Array {
    const all = this.#held.length === 0 ? text : Buffer.concat([this.#held, text]);
    const holdFrom = this.#lastLineStart(all);
    if (holdFrom === undefined || !mayBeRefusal(all.subarray(holdFrom))) {
      this.#held = new Uint8Array(0);
      if (all.length > 0) this.#atLineStart = all.at(-1) === NEWLINE;
      return all;
    }
    this.#held = all.slice(holdFrom);
    if (holdFrom > 0) this.#atLineStart = true;
    return all.subarray(0, holdFrom);
  }

  /** What is still held back: a refusal, or the beginning of a line that looks like one. */
  get held(): Uint8Array {
    return this.#held;
  }

  /** Where the last line begins, be it finished by a newline or not; undefined: before `all`. */
  #lastLineStart(all: Uint8Array): number | undefined {
    const before = all.length < 2 ? -1 : all.lastIndexOf(NEWLINE, all.length - 2);
    if (before >= 0) return before + 1;
    return this.#atLineStart ? 0 : undefined;
  }
}

function mayBeRefusal(line: Uint8Array): boolean {
  if (line.length > MAX_HELD_BYTES) return false;
  return line.subarray(0, BEGINNING.length).every((byte, index) => byte === BEGINNING[index]);
}
