import { AT_FDCWD, close, O_WRONLY, openAt, write } from "../ffi/libc.ts";
import { SwapPagesText } from "../src/mover/swap_pages_text.ts";
import type { Benchmark } from "./benchmark.ts";
import { cpuSeconds } from "./cpu_seconds.ts";
import type { Outcome } from "./figure.ts";

const PAGES = 16_000_000;
/** What a mover asks for at once, at most. */
const BATCH = 64 * 1024;
const RUNS = 11;
const WARM_UP_RUNS = 2;
const START_PAGE = 0x7f3a_0000_0000 / 4096;

function writeOnce(text: SwapPagesText, fd: number, pages: Float64Array): number {
  const begin = cpuSeconds();
  let written = 0;
  for (let done = 0; done < PAGES; done += BATCH) {
    const count = Math.min(BATCH, PAGES - done);
    text.format(pages, done, count);
    written += write(fd, text.bytes, text.length);
  }
  const seconds = cpuSeconds() - begin;
  const line = "0x7f3a00000000\n".length;
  if (written !== PAGES * line) throw new Error(`${written} bytes were written`);
  return seconds;
}

export const SWAP_TEXT: Benchmark = {
  name: "swap-text",
  about: "16 million addresses as text for swap_pages, written to /dev/null",
  run(): Outcome[] {
    // Every second page, as where hot and cold pages are mixed.
    const pages = Float64Array.from({ length: PAGES }, (_, i) => START_PAGE + 2 * i);
    const text = new SwapPagesText(BATCH);
    const fd = openAt(AT_FDCWD, "/dev/null", O_WRONLY);
    try {
      for (let i = 0; i < WARM_UP_RUNS; i++) writeOnce(text, fd, pages);
      const values = Array.from(
        { length: RUNS },
        () => PAGES / writeOnce(text, fd, pages) / 1e6,
      );
      return [{
        what: "swap_pages text to /dev/null",
        unit: "Mpages/s",
        values,
        targets: [{ of: "median", is: "at least", limit: 60 }],
      }];
    } finally {
      close(fd);
    }
  },
};
