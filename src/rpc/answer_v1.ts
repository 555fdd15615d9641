import { type AnswerEncoder, failureLine } from "./answer.ts";
import type { Refusal } from "./refusal.ts";

/** The last byte of an answer to what was done; no UTF-8 text holds it, nor the other. */
const SUCCESS_BYTE = 0xff;
/** The last byte of an answer to what was refused. */
export const FAILURE_BYTE = 0xfe;

const NEWLINE = 0x0a;
const REPLACEMENT = 0x3f; // ?
const NOTHING = new Uint8Array(0);

/** v1: text, then one last byte. There is no sign of life in it: progress() yields nothing. */
export class AnswerEncoderV1 implements AnswerEncoder {
  readonly #encoder = new TextEncoder();
  #lastByte = NEWLINE;

  text(piece: Uint8Array | string): Uint8Array {
    const bytes = typeof piece === "string"
      ? this.#encoder.encode(piece)
      : withoutFinalBytes(piece);
    this.#lastByte = bytes.at(-1) ?? this.#lastByte;
    return bytes;
  }

  document(piece: string): Uint8Array {
    return this.text(piece);
  }

  progress(): Uint8Array {
    return NOTHING;
  }

  success(): Uint8Array {
    return Uint8Array.of(SUCCESS_BYTE);
  }

  /** One line, on a line of its own; the original client turns the last byte into its newline. */
  failure(refusal: Refusal): Uint8Array {
    const separator = this.#lastByte === NEWLINE ? "" : "\n";
    const line = this.#encoder.encode(`${separator}${failureLine(refusal)}`);
    const answer = new Uint8Array(line.length + 1);
    answer.set(line);
    answer[line.length] = FAILURE_BYTE;
    return answer;
  }
}

function withoutFinalBytes(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(SUCCESS_BYTE) && !bytes.includes(FAILURE_BYTE)) return bytes;
  return bytes.map((byte) => byte === SUCCESS_BYTE || byte === FAILURE_BYTE ? REPLACEMENT : byte);
}

/** Reads a v1 answer as it arrives. */
export class AnswerReader {
  #end: "success" | "failure" | undefined;

  /** How the answer ended; undefined while its last byte has not come. */
  get end(): "success" | "failure" | undefined {
    return this.#end;
  }

  /**
   * Takes the next bytes of the stream.
   * @returns the text in them; what follows the last byte is dropped.
   */
  push(bytes: Uint8Array): Uint8Array {
    if (this.#end !== undefined) return NOTHING;
    const last = bytes.findIndex((byte) => byte === SUCCESS_BYTE || byte === FAILURE_BYTE);
    if (last < 0) return bytes;
    this.#end = bytes[last] === SUCCESS_BYTE ? "success" : "failure";
    return bytes.subarray(0, last);
  }
}
