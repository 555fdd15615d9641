import { deepStrictEqual } from "node:assert";
import * as fc from "fast-check";
import { PAGE_SIZE } from "../../../../ffi/libc.ts";
import { SwapPagesText } from "../../../../src/mover/swap_pages_text.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

/** 7 bytes a page number, of which user space has 52 bits at most. */
const BYTES_A_PAGE = 7;
const PAGES = 2 ** 64 / PAGE_SIZE / 2 ** 12;

function pagesOf(input: Uint8Array): number[] {
  const pages: number[] = [];
  for (let at = 0; at + BYTES_A_PAGE <= input.length; at += BYTES_A_PAGE) {
    pages.push(Buffer.from(input).readUIntBE(at + 1, BYTES_A_PAGE - 1) % PAGES);
  }
  return pages;
}

/**
 * The text for /proc/PID/swap_pages: its lines, read as sscanf("%lx") reads them,
 * are the addresses.
 */
export const SWAP_PAGES_TEXT: FuzzTarget = {
  name: "swap_pages_text",
  sources: ["src/mover/swap_pages_text.ts"],
  inputs: fc.array(
    fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 52n }),
      fc.bigInt({ min: 0x7f0000000n, max: 0x7f0000200n }),
    ),
    { maxLength: 20 },
  ).map((pages) => {
    const bytes = Buffer.alloc(pages.length * BYTES_A_PAGE);
    for (const [i, page] of pages.entries()) {
      bytes.writeUIntBE(Number(page) % PAGES, i * BYTES_A_PAGE + 1, BYTES_A_PAGE - 1);
    }
    return bytes;
  }),
  tokens: [[0], [0xff], [0, 0, 0, 0, 0x0f, 0xff, 0xff]].map((bytes) => Uint8Array.from(bytes)),
  check(input) {
    const pages = pagesOf(input);
    const text = new SwapPagesText(pages.length);
    const from = pages.length > 3 ? 1 : 0;
    text.format(Float64Array.from(pages), from, pages.length - from);
    const written = Buffer.from(text.bytes.subarray(0, text.length)).toString("latin1");
    const lines = written === "" ? [] : written.replace(/\n$/, "").split("\n");
    for (const line of lines) {
      if (!/^0x[0-9a-f]{8,16}$/.test(line)) throw new Error(`the line "${line}"`);
    }
    deepStrictEqual(lines.map(Number), pages.slice(from).map((page) => page * PAGE_SIZE));
  },
};
