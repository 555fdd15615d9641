import type { Refusal } from "./refusal.ts";

/** How far the work on a request is, in bytes. */
export interface WorkDone {
  readonly doneBytes: number;
  readonly allBytes: number;
}

/**
 * Turns what a request yields into the bytes of its answer, one implementation per protocol
 * version, so that the server treats both alike. Each method returns the bytes to send next; they
 * may be none. After success() or failure() the connection is closed.
 */
export interface AnswerEncoder {
  /** Text for people, in pieces as it comes; a piece may end within a character. */
  text(piece: Uint8Array | string): Uint8Array;
  /** The next piece of the text of the one JSON document of an answer. */
  document(piece: string): Uint8Array;
  /** A sign of life while the work goes on. @param done how far it is, if that is known. */
  progress(elapsedMs: number, done?: WorkDone): Uint8Array;
  /** The end of an answer to a request that was done. */
  success(): Uint8Array;
  /** The end of an answer to a request that was refused. */
  failure(refusal: Refusal): Uint8Array;
}

/**
 * UTF-16 units of a refusal: a detail may quote a whole value of a file, or what an engine reports.
 */
const LONGEST_LINE = 8 * 1024;

/**
 * A refusal as one line: its details may hold line breaks that come from a file,
 * a client or an engine.
 */
export function failureLine(refusal: Refusal): string {
  const line = refusal.message.slice(0, LONGEST_LINE).toWellFormed();
  return line.replaceAll(/\p{Cc}+/gu, " ").trimEnd();
}
