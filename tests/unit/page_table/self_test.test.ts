import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { findPageTables } from "../../../src/page_table/find_page_tables.ts";
import { readKernelFacts } from "../../../src/page_table/kernel_facts.ts";
import { type LoadedWalk, loadWalk } from "../../../src/page_table/loaded_walk.ts";
import { type EntryBits, tableFormOf } from "../../../src/page_table/page_table_layout.ts";
import { type PageTablePlace, PageTableReader } from "../../../src/page_table/page_table_reader.ts";
import { selfTest } from "../../../src/page_table/self_test.ts";
import { whyNoPageTables } from "../../../src/page_table/why_no_page_tables.ts";

const isRoot = process.getuid?.() === 0;

describe.skipIf(whyNoPageTables() !== undefined)("selfTest()", () => {
  let walk: LoadedWalk;
  let place: PageTablePlace;

  beforeAll(() => {
    walk = loadWalk(readKernelFacts(), tableFormOf(process.arch)!);
    place = findPageTables(walk);
  });
  afterAll(() => walk[Symbol.dispose]());

  const withBits = (bits: Partial<EntryBits>): string | undefined => {
    const { layout } = place;
    return selfTest(
      new PageTableReader(walk, {
        ...place,
        layout: { ...layout, bits: { ...layout.bits, ...bits } },
      }),
    );
  };

  test("selfTest() finds nothing wrong, time after time", () => {
    for (let i = 0; i < 20; i++) expect(withBits({})).toBeUndefined();
  });

  test("selfTest() finds that a bit means something else", () => {
    const { present, accessed, dirty } = place.layout.bits;
    expect(withBits({ present: accessed })).toBe("which of them are there");
    expect(withBits({ accessed: present })).toBe("which of them were used");
    expect(withBits({ accessed: dirty[0]! })).toBe("which of them were used");
    expect(withBits({ dirty: [accessed] })).toBe("that they were written to");
  });

  test.skipIf(!isRoot)("selfTest() finds frames that are not those of pagemap", () => {
    const { layout } = place;
    const addressMask = layout.addressMask & ~(BigInt(PAGE_SIZE) * 15n);
    const reader = new PageTableReader(walk, place);
    // the program goes on with the right one
    Object.assign(reader, { layout: { ...layout, addressMask } });
    expect(selfTest(reader)).toBe("in which frames they are");
  });

  test("selfTest() finds nothing of ours where the kernel's map of memory is not", () => {
    const reader = new PageTableReader(walk, { ...place, directMap: place.directMap - 2n ** 40n });
    expect(selfTest(reader)).toBe("their table is not found");
  });
});
