import { describe, expect, test } from "bun:test";
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE } from "../../../ffi/libc.ts";
import { Pagemap } from "../../../src/procfs/pagemap.ts";
import { PageCounts } from "../../../src/tracker/page_counts.ts";
import { MAX_COUNT } from "./scan_model.ts";
import type { ScanOutcome, ScanTarget } from "../../../src/tracker/tracker.ts";
import { IDLE_PAGES } from "../../../src/tracker/tracker_idle_pages.ts";
import { openDescriptors } from "../../tools/fixtures/descriptors.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { setAddress } from "./stream_encoder.ts";

/** Pages of a VMA, in page numbers. */
type Range = readonly [from: number, to: number];

/**
 * A folder that looks like /proc/PID. Its idle_pages is a plain file: it answers with what was
 * written at the position, and its position moves on as that of a file does,
 * which is no position a kernel would answer.
 */
class FakeProcess implements Disposable {
  readonly #folder = new ScratchFolder();
  readonly dirFd: number;
  readonly #pagemapFd: number;

  constructor(vmas: readonly Range[], pagemapBytes = 1 << 20) {
    const hex = (page: number): string => (page * PAGE_SIZE).toString(16).padStart(8, "0");
    const lines = vmas.map(([from, to]) => `${hex(from)}-${hex(to)} rw-p 00000000 00:00 0\n`);
    this.#write("maps", lines.join(""));
    const fd = openSync(this.#folder.at("pagemap"), "w");
    ftruncateSync(fd, pagemapBytes);
    closeSync(fd);
    this.dirFd = openAt(AT_FDCWD, this.#folder.path, O_RDONLY);
    this.#pagemapFd = openAt(this.dirFd, "pagemap", O_RDONLY);
  }

  #write(name: string, text: string): void {
    const fd = openSync(this.#folder.at(name), "w");
    writeSync(fd, text);
    closeSync(fd);
  }

  answer(answers: readonly (readonly [page: number, bytes: readonly number[]])[]): void {
    const fd = openSync(this.#folder.at("idle_pages"), "w");
    for (const [page, bytes] of answers) {
      writeSync(fd, Uint8Array.from(bytes), 0, bytes.length, page * PAGE_SIZE);
    }
    closeSync(fd);
  }

  scan(counts: PageCounts | null, options: Partial<ScanTarget> = {}): ScanOutcome {
    return IDLE_PAGES.create(undefined).scan({
      pid: process.pid,
      dirFd: this.dirFd,
      pagemap: new Pagemap(this.#pagemapFd),
      selection: { kind: "swappable" },
      flags: { swapFlag: false, ignoreHost: false },
      stopped: () => false,
      ...options,
    }, counts);
  }

  [Symbol.dispose](): void {
    close(this.#pagemapFd);
    close(this.dirFd);
    this.#folder[Symbol.dispose]();
  }
}

/** Counts of pages that one scan before found idle. */
function idleBefore(from: number, pages: number): PageCounts {
  const counts = new PageCounts();
  counts.beginScan();
  counts.add(from, pages, 0, false);
  counts.endScan();
  return counts;
}

function coldPages(counts: PageCounts): number[] {
  const cold: number[] = [];
  counts.walk({ segment: 0, index: 0 }, 0, MAX_COUNT, (page) => {
    cold.push(page);
    return true;
  });
  return cold;
}

/** The address of a page, as errors have it. */
function at(page: number): string {
  return `idle_pages at 0x${(page * PAGE_SIZE).toString(16)}`;
}

describe("the idle_pages tracker", () => {
  test("scan() says what is wrong, and takes nothing as cold, when a stream is corrupt", () => {
    using process = new FakeProcess([[256, 266]]);
    process.answer([[256, [...setAddress(256), 0x52, 0xff, 0x58]]]);
    const counts = idleBefore(256, 10);
    const outcome = process.scan(counts);
    expect(outcome).toMatchObject({
      state: "scanned",
      errors: [`${at(256)}: byte 10 (0xff): no type of run`],
    });
    // What came before the broken byte was told well.
    expect(coldPages(counts)).toEqual([256, 257]);
  });

  test("scan() counts an answer that makes no headway as an error when the process is there", () => {
    using process = new FakeProcess([[256, 257], [300, 301]]);
    process.answer([]);
    const counts = idleBefore(256, 45);
    expect(process.scan(counts)).toMatchObject({
      errors: [`${at(256)}: no progress`, `${at(300)}: no progress`],
    });
    expect(coldPages(counts)).toEqual([]);
  });

  test("scan() counts as used, without an error, what no read comes to before the end of user space", () => {
    using process = new FakeProcess([[256, 257]]);
    // The smallest read that ends with the range is answered; nothing is answered further up.
    const runs = Array.from({ length: 10 }, () => 0x51);
    process.answer([[257 - 152, [...setAddress(257 - 152), ...runs]]]);
    const counts = idleBefore(256, 1);
    expect(process.scan(counts)).toMatchObject({ state: "scanned", errors: [] });
    expect(coldPages(counts)).toEqual([]);
  });

  test("scan() gives a process up for this scan when too much of it is corrupt", () => {
    const vmas = Array.from({ length: 100 }, (_, i): Range => [256 + 200 * i, 257 + 200 * i]);
    using process = new FakeProcess(vmas);
    process.answer(vmas.map(([page]) => [page, [0xff]]));
    const counts = idleBefore(256, 200 * 100);
    const outcome = process.scan(counts);
    expect(outcome.state === "scanned" && outcome.errors.length).toBe(16);
    expect(coldPages(counts)).toEqual([]);
  });

  test("scan() is not disturbed by corrupt streams when it only opens the window", () => {
    using process = new FakeProcess([[256, 257]]);
    process.answer([[256, [0xff]], [257, [0xff]]]);
    expect(process.scan(null).state).toBe("scanned");
  });

  test("scan() answers gone when the file or the address space is not there any more", () => {
    using unmade = new FakeProcess([[256, 257]]);
    expect(unmade.scan(new PageCounts()).state).toBe("gone");
    using dead = new FakeProcess([[256, 257]], 0);
    dead.answer([]);
    expect(dead.scan(new PageCounts()).state).toBe("gone");
  });

  test("scan() answers stopped when it is told to stop", () => {
    using process = new FakeProcess([[256, 257]]);
    process.answer([]);
    expect(process.scan(new PageCounts(), { stopped: () => true }).state).toBe("stopped");
  });

  test("scan() leaves no descriptor open, whatever happens", () => {
    using process = new FakeProcess([[256, 257]]);
    process.answer([[256, [0xff]]]);
    const before = openDescriptors();
    process.scan(new PageCounts());
    process.scan(new PageCounts(), { stopped: () => true });
    const flags = { swapFlag: true, ignoreHost: false };
    expect(() => process.scan(new PageCounts(), { flags })).toThrow("ENOTTY");
    expect(openDescriptors()).toEqual(before);
  });

  test("missing() says what is missing on this kernel, or nothing", () => {
    const why = IDLE_PAGES.missing();
    expect(why ?? "idle_pages").toMatch(/idle_pages|etmem_scan/);
  });
});
