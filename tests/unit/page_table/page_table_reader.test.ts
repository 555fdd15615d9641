import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE } from "../../../ffi/libc.ts";
import { IoVector, MADV_PAGEOUT, PidFd, processMadvise } from "../../../ffi/process_madvise.ts";
import { pageOf } from "../../../src/procfs/pagemap.ts";
import { WALK_VARIANTS } from "../../../src/page_table/loaded_walk.ts";
import { keptReader, openReader } from "../../../src/page_table/open_reader.ts";
import { entryBytes, TABLE_ENTRIES } from "../../../src/page_table/page_table_layout.ts";
import type { PageTableReader } from "../../../src/page_table/page_table_reader.ts";
import { whyNoPageTables } from "../../../src/page_table/why_no_page_tables.ts";
import { compile } from "../../tools/fixtures/compile.ts";
import { BpfObjects } from "../../tools/fixtures/bpf_objects.ts";
import { openDescriptors } from "../../tools/fixtures/descriptors.ts";
import { hasHugePages, startHugeTarget } from "../../tools/fixtures/huge_target.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";

/** The pagemap of a process for this reader. */
class OpenPagemap implements Disposable {
  readonly fd: number;

  constructor(pid: number) {
    this.fd = openAt(AT_FDCWD, `/proc/${pid}/pagemap`, O_RDONLY);
  }

  [Symbol.dispose](): void {
    close(this.fd);
  }
}

/** An entry that was read, by the page number that it begins at. */
interface Entry {
  readonly level: number;
  readonly value: bigint;
}

/** All entries of a range that are not empty; "gone" when its address space is. */
function entriesOf(
  reader: PageTableReader,
  { fd }: OpenPagemap,
  { start, end }: { readonly start: number; readonly end: number },
): Map<number, Entry> | "gone" {
  const found = new Map<number, Entry>();
  for (let from = start; from < end; from = reader.walkEnd) {
    if (!reader.read(fd, from, end)) return "gone";
    for (let slot = 0; slot < reader.count; slot++) addSlot(reader, slot, found);
  }
  for (const page of found.keys()) {
    if (page < pageOf(start) || page >= pageOf(end)) found.delete(page);
  }
  return found;
}

function addSlot(reader: PageTableReader, slot: number, found: Map<number, Entry>): void {
  const { words } = reader;
  const level = reader.level(slot);
  const first = pageOf(reader.address(slot));
  for (let i = 0; i < (level === 0 ? TABLE_ENTRIES : 1); i++) {
    const at = 2 * (slot * TABLE_ENTRIES + i);
    const value = BigInt(words[at + 1]!) << 32n | BigInt(words[at]!);
    if (value !== 0n) found.set(first + i, { level, value });
  }
}

function hasBit({ value }: Entry, bit: number): boolean {
  return ((value >> BigInt(bit)) & 1n) === 1n;
}

function frameOf(reader: PageTableReader, { value }: Entry): number {
  return Number((value & reader.layout.addressMask) / BigInt(PAGE_SIZE));
}

/** Has the kernel swap out the first half of the target's area. @returns whether some went. */
function swapHalf(target: TargetProcess): boolean {
  const { start, end } = target.area;
  using pidFd = new PidFd(target.pid);
  const vector = new IoVector();
  vector.set(0, start, (end - start) / 2);
  processMadvise(pidFd.fd, vector, 0, 1, MADV_PAGEOUT);
  const { pagemap } = target.process;
  pagemap.load(pageOf(start), pageOf(end));
  return pagemap.isSwapped(pageOf(start));
}

const missing = whyNoPageTables();
if (missing !== undefined) console.log(`page tables: left out: ${missing}`);

describe.skipIf(missing !== undefined).each([...WALK_VARIANTS])(
  "PageTableReader by $run and $loop",
  (variant) => {
    test("read() agrees with pagemap on which pages are present, in swap, and in which frame", async () => {
      using target = await TargetProcess.start({ hot: "none", reserveBytes: 64 * 2 ** 20 });
      using opened = new OpenPagemap(target.pid);
      using reader = openReader([variant]);
      if (!swapHalf(target)) console.log("swapped pages: left out: nothing is swapped out here");
      const area = { start: target.area.start - 2 ** 22, end: target.area.end + 2 ** 22 };
      const entries = entriesOf(reader, opened, area);
      if (entries === "gone") throw new Error("the target is gone");
      const { pagemap } = target.process;
      pagemap.load(pageOf(area.start), pageOf(area.end));
      const { present, dirty } = reader.layout.bits;
      for (let page = pageOf(area.start); page < pageOf(area.end); page++) {
        const entry = entries.get(page);
        const isPresent = entry !== undefined && hasBit(entry, present);
        const seen = [isPresent, entry !== undefined && !isPresent];
        expect([page, ...seen]).toEqual([page, pagemap.isPresent(page), pagemap.isSwapped(page)]);
        if (entry === undefined || !isPresent) continue;
        expect([page, frameOf(reader, entry)]).toEqual([page, pagemap.frame(page)]);
        expect(dirty.some((bit) => hasBit(entry, bit))).toBe(true);
      }
    });

    test("read() shows which pages were used since their accessed bits were cleared", async () => {
      using target = await TargetProcess.start({ hot: "every:16", flush: true });
      using opened = new OpenPagemap(target.pid);
      using reader = openReader([variant]);
      writeFileSync(`/proc/${target.pid}/clear_refs`, "1");
      await target.untilTouched();
      const { start } = target.area;
      const entries = entriesOf(reader, opened, target.area) as Map<number, Entry>;
      const used = [...entries].filter(([, entry]) => hasBit(entry, reader.layout.bits.accessed))
        .map(([page]) => page - pageOf(start));
      expect(entries.size).toBe(2048);
      expect(used).toEqual(Array.from({ length: 128 }, (_, i) => 16 * i));
    });

    test.skipIf(!hasHugePages())("read() gives a huge page as one entry", async () => {
      using target = await startHugeTarget({ hot: "none" });
      using opened = new OpenPagemap(target.pid);
      using reader = openReader([variant]);
      const entries = entriesOf(reader, opened, target.area) as Map<number, Entry>;
      const { pagemap } = target.process;
      const [from, to] = [pageOf(target.area.start), pageOf(target.area.end)];
      pagemap.load(from, to);
      const huge = [...entries].filter(([, { level }]) => level === 1);
      expect(huge).toHaveLength((to - from) / TABLE_ENTRIES);
      for (const [page, entry] of huge) {
        expect(page % TABLE_ENTRIES).toBe(0);
        expect(hasBit(entry, reader.layout.bits.present)).toBe(true);
        // bits above a base page's number are flags in a leaf
        expect(frameOf(reader, entry) - frameOf(reader, entry) % 512).toBe(pagemap.frame(page));
        expect(entries.has(page + 1)).toBe(false);
      }
      const pages = [...entries.values()].reduce((sum, { level }) => sum + 512 ** level, 0);
      expect(pages).toBe(to - from);
    });

    test("read() passes over a terabyte of nothing in a few calls", async () => {
      using target = await TargetProcess.start({ reserveBytes: 2 ** 40, hot: "none" });
      using opened = new OpenPagemap(target.pid);
      using reader = openReader([variant]);
      const { start, end } = target.area;
      let calls = 0;
      let slots = 0;
      for (let from = start - 2 ** 39; from < end + 2 ** 39; from = reader.walkEnd) {
        expect(reader.read(opened.fd, from, end + 2 ** 39)).toBe(true);
        calls++;
        slots += reader.count;
      }
      // 64 strays with a table each, and the area; a run of 256 steps passes half a GiB with tables
      expect(slots).toBeGreaterThanOrEqual(60 + 4);
      expect(slots).toBeLessThan(200);
      expect(calls).toBeLessThan(2 * 66 + 8);
    });

    test("read() says that an address space is gone after execve(2) and at the end", async () => {
      using target = await TargetProcess.start({ hot: "none" });
      const { start, end } = target.area;
      using before = new OpenPagemap(target.pid);
      using reader = openReader([variant]);
      expect(reader.read(before.fd, start, end)).toBe(true);
      await target.exec();
      expect(reader.read(before.fd, start, end)).toBe(false);
      expect(reader.count).toBe(0);
      using after = new OpenPagemap(target.pid);
      const { area } = target;
      expect((entriesOf(reader, after, area) as Map<number, Entry>).size).toBe(2048);
      await target.end();
      expect(reader.read(after.fd, area.start, area.end)).toBe(false);
    });

    test("read() reads on while the target maps, unmaps and is killed in the middle", async () => {
      using reader = openReader([variant]);
      for (let life = 0; life < 5; life++) {
        using target = await TargetProcess.start({ churn: true, hot: "first:1", pauseMs: 0 });
        using opened = new OpenPagemap(target.pid);
        const everything = { start: 0, end: 2 ** 47 };
        for (let i = 0; i < 20; i++) expect(entriesOf(reader, opened, everything)).not.toBe("gone");
        process.kill(target.pid, "SIGKILL");
        await waitFor("it to be gone", () => entriesOf(reader, opened, everything) === "gone");
      }
    });

    test("hasChanged() says so when a table was taken away while it was copied", async () => {
      const child = Bun.spawn([compile(join(import.meta.dir, "table_churn.c"))], {
        stdout: "pipe",
      });
      using _end = { [Symbol.dispose]: () => child.kill("SIGKILL") };
      const { value } = await child.stdout.getReader().read();
      const start = Number(Buffer.from(value ?? []).toString());
      using opened = new OpenPagemap(child.pid);
      using reader = openReader([variant]);
      let changed = 0;
      let unlike = 0;
      const look = (): void => {
        reader.read(opened.fd, start, start + 256 * entryBytes(1));
        for (let slot = 0; slot < reader.count; slot++) {
          const at = 2 * TABLE_ENTRIES * slot;
          const others = reader.words.subarray(at + 2, at + 2 * TABLE_ENTRIES);
          if (reader.hasChanged(slot)) changed++;
          // its table has the first page, or none yet
          else if (others.some((word) => word !== 0)) unlike++;
        }
      };
      await waitFor("tables to change", () => {
        for (let i = 0; i < 500; i++) look();
        return changed > 0;
      });
      expect(unlike).toBe(0);
    });

    test("read() throws when a descriptor is no file's", () => {
      using reader = openReader([variant]);
      expect(() => reader.read(1_000, 0, PAGE_SIZE)).toThrow(
        "Cannot read page tables of descriptor 1000",
      );
    });

    test("openReader() leaves nothing open when it is disposed of", () => {
      openReader([variant])[Symbol.dispose]();
      const objects = new BpfObjects();
      const before = openDescriptors();
      for (let i = 0; i < 5; i++) {
        using reader = openReader([variant]);
        expect(reader.layout.levels).toBeGreaterThan(2);
        expect(objects.count).toBeGreaterThan(0);
      }
      expect([objects.count, openDescriptors()]).toEqual([0, before]);
    });
  },
);

const OPEN_READER = join(import.meta.dir, "../../../src/page_table/open_reader.ts");

describe.skipIf(missing !== undefined)("keptReader()", () => {
  test("keptReader() gives a thread the same reader until it was not used for a while", async () => {
    const objects = new BpfObjects();
    const reader = keptReader();
    const own = objects.count;
    expect(keptReader()).toBe(reader);
    const code = `import { keptReader } from ${JSON.stringify(OPEN_READER)};
      self.onmessage = () => postMessage(keptReader().layout.levels);`;
    const worker = new Worker(URL.createObjectURL(new Blob([code])));
    const levels = await new Promise((resolve) => {
      worker.addEventListener("message", ({ data }) => resolve(data));
      worker.postMessage("work");
    });
    expect(levels).toBe(reader.layout.levels);
    expect(objects.count).toBeGreaterThan(own);
    // That of the other thread, which is without work, is closed as well.
    await objects.untilNone();
    expect(keptReader()).not.toBe(reader);
    worker.terminate();
  });
});
