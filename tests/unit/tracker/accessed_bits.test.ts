import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { keptReader } from "../../../src/page_table/open_reader.ts";
import { TABLE_ENTRIES } from "../../../src/page_table/page_table_layout.ts";
import { FOUND, TableDecoder } from "../../../src/page_table/table_decoder.ts";
import { AccessedBits } from "../../../src/tracker/accessed_bits.ts";
import { CLEAR_ALL } from "../../../src/tracker/clearing_share.ts";
import { PAGE_TABLE } from "../../../src/tracker/tracker_page_table.ts";
import { compile } from "../../tools/fixtures/compile.ts";
import { LineSource } from "../../tools/fixtures/line_source.ts";
import { OpenProcess } from "../../tools/fixtures/open_process.ts";

const PAGES = 64;
const missing = PAGE_TABLE.missing();

/** A process with three neighbouring areas, all of them accessed, of which the second is locked. */
class LockedTarget implements AsyncDisposable {
  /** Of the first area. */
  readonly page: number;
  readonly process: OpenProcess;
  readonly #end: () => Promise<unknown>;

  private constructor(page: number, process: OpenProcess, end: () => Promise<unknown>) {
    this.page = page;
    this.process = process;
    this.#end = end;
  }

  static async start(): Promise<LockedTarget> {
    const executable = compile(join(import.meta.dir, "../../tools/fixtures/locked_target.c"));
    const child = Bun.spawn([executable, String(PAGES)], { stdout: "pipe", stderr: "inherit" });
    const address = Number(await new LineSource(child.stdout).next());
    return new LockedTarget(address / PAGE_SIZE, new OpenProcess(child.pid), () => {
      child.kill("SIGKILL");
      return child.exited;
    });
  }

  /** Of all its pages: which are accessed. */
  accessed(): boolean[] {
    const reader = keptReader();
    const decoder = new TableDecoder(reader.layout, -1);
    const found: boolean[] = [];
    for (let page = this.page; page < this.page + 3 * PAGES; page++) {
      reader.read(this.process.pagemap.fd, page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
      const at = page % TABLE_ENTRIES;
      decoder.decode(new Int32Array(reader.words.slice(0, 2 * TABLE_ENTRIES)), 0, at, at + 1);
      found.push(decoder.found[at] === FOUND.accessed);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process[Symbol.dispose]();
    await this.#end();
  }
}

function expected(isAccessed: (page: number) => boolean): boolean[] {
  return Array.from({ length: 3 * PAGES }, (_, page) => isAccessed(page));
}

describe.skipIf(missing !== undefined)("AccessedBits", () => {
  test("clears the pages that it was given and those in short gaps, and no other", async () => {
    await using target = await LockedTarget.start();
    using bits = new AccessedBits(target.process.pid);
    const found = new Uint8Array(PAGES).fill(FOUND.idle);
    for (const page of [0, 3, 12, 30, 31, 63]) found[page] = FOUND.accessed;
    bits.addEach(target.page, found, 0, PAGES);
    expect(target.accessed()).toEqual(expected(() => true));
    bits.flush();
    const isCleared = (page: number): boolean => page <= 12 || [30, 31, 63].includes(page);
    expect(target.accessed()).toEqual(expected((page) => !isCleared(page)));
    expect([bits.isReached, bits.refusedPages]).toEqual([true, 0]);
  });

  test("leaves the bits of pages before the first one that it is told to clear", async () => {
    await using target = await LockedTarget.start();
    const fromPage = target.page + 5;
    using bits = new AccessedBits(target.process.pid, { ...CLEAR_ALL, fromPage });
    const found = new Uint8Array(9).fill(FOUND.accessed);
    bits.addEach(target.page, found, 0, 9);
    // As those of a huge page, which would be split.
    bits.add(target.page + 4, 16);
    bits.add(target.page + 20, 2);
    bits.flush();
    const isCleared = (page: number): boolean => (page >= 5 && page < 9) || [20, 21].includes(page);
    expect(target.accessed()).toEqual(expected((page) => !isCleared(page)));
    expect(bits.firstKept).toBe(0);
  });

  test("leaves the bits of what comes when its time is used up, and says where", async () => {
    await using target = await LockedTarget.start();
    using bits = new AccessedBits(target.process.pid, { fromPage: 0, budgetUs: 1 });
    for (const page of [10, 20, 30]) {
      bits.add(target.page + page, 2);
      bits.flush();
    }
    expect(bits.firstKept).toBe(target.page + 20);
    expect(target.accessed()).toEqual(expected((page) => page !== 10 && page !== 11));
  });

  test("goes on behind what the kernel refuses, which it counts", async () => {
    await using target = await LockedTarget.start();
    using bits = new AccessedBits(target.process.pid);
    for (let area = 0; area < 3; area++) {
      bits.add(target.page + area * PAGES, PAGES);
      bits.endVma();
    }
    bits.flush();
    expect(target.accessed()).toEqual(expected((page) => page >= PAGES && page < 2 * PAGES));
    expect([bits.isReached, bits.refusedPages]).toEqual([true, PAGES]);
  });

  test("clears more ranges than a call takes", async () => {
    await using target = await LockedTarget.start();
    using bits = new AccessedBits(target.process.pid);
    for (let i = 0; i < 3000; i++) {
      bits.add(target.page + i % PAGES, 1);
      bits.endVma();
    }
    bits.flush();
    expect(target.accessed()).toEqual(expected((page) => page >= PAGES));
  });

  test("does nothing to a process that has ended, and says so", async () => {
    const child = Bun.spawn(["true"]);
    await child.exited;
    using bits = new AccessedBits(child.pid);
    bits.add(1, 1);
    bits.flush();
    expect(bits.isReached).toBe(false);
  });
});
