import { PAGE_SIZE } from "../../../ffi/libc.ts";
import type { Piece } from "./scan_model.ts";
import { unitPages } from "./scan_model.ts";

const LONGEST_RUN = 15;

/** The command "set address" to a page number. */
export function setAddress(page: number): number[] {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setBigUint64(0, BigInt(page) * BigInt(PAGE_SIZE));
  return [0xa0, ...new Uint8Array(bytes.buffer)];
}

/**
 * Answers of idle_pages that tell of the pieces,
 * each in whole entries and beginning with an address.
 * @param atMost bytes in an answer.
 */
export function encode(pieces: readonly Piece[], atMost: number): Uint8Array[] {
  const answers: number[][] = [];
  let answer: number[] = [];
  const begin = (page: number): void => {
    if (answer.length + 9 + 1 > atMost) {
      answers.push(answer);
      answer = [];
    }
    answer.push(...setAddress(page));
  };
  for (const { page: first, runs } of pieces) {
    let page = first;
    begin(page);
    for (const { type, units } of runs) {
      for (let left = units; left > 0;) {
        if (answer.length + 1 > atMost) begin(page);
        const nr = Math.min(left, LONGEST_RUN);
        answer.push((type << 4) | nr);
        page += nr * unitPages(type);
        left -= nr;
      }
    }
  }
  answers.push(answer);
  return answers.filter((bytes) => bytes.length > 0).map((bytes) => Uint8Array.from(bytes));
}
