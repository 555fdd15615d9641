import { describe, expect, test } from "bun:test";
import {
  layoutOf,
  type PageTableLayout,
  TABLE_ENTRIES,
} from "../../../src/page_table/page_table_layout.ts";
import { type Entry, FOUND, TableDecoder } from "../../../src/page_table/table_decoder.ts";

const { absent, idle, accessed } = FOUND;

function layout(arch: string, address: bigint, protNone?: number): PageTableLayout {
  const found = layoutOf(arch, 4096, address);
  if (found === undefined) throw new Error(`no layout for ${arch}`);
  return protNone === undefined ? found : { ...found, bits: { ...found.bits, protNone } };
}

const X86 = layout("x64", 0xffff_8880_0000_0000n);
/** Of Linux up to 6.10, and of later ones. */
const ARM64 = layout("arm64", 0xffff_0000_0000_0000n, 58);
const ARM64_LATER = layout("arm64", 0xffff_0000_0000_0000n, 11);

function wordsOf(entries: readonly bigint[]): Int32Array {
  return new Int32Array(BigUint64Array.from(entries).buffer);
}

function entryOf(decoder: TableDecoder, entry: bigint): Entry {
  const [low, high] = wordsOf([entry]);
  return decoder.entry(low!, high!);
}

/** A page's entry, what it says, and the frame that pagemap showed. */
interface Recorded {
  readonly what: string;
  readonly entry: bigint;
  readonly found: number;
  readonly isDirty?: boolean;
  readonly frame?: number;
}

const ZERO_FRAME = 0x3b34;

/** Read on Linux 6.18, x86_64, after clear_refs. */
const X86_TABLE: readonly Recorded[] = [
  {
    what: "written since",
    entry: 0x8000_0002_513d_5067n,
    found: accessed,
    isDirty: true,
    frame: 0x2513d5,
  },
  { what: "page of zeros, read", entry: 0x8000_0000_03b3_4225n, found: absent },
  { what: "never used", entry: 0n, found: absent },
  {
    what: "PROT_NONE",
    entry: 0x040f_fffd_aec2_9100n,
    found: idle,
    isDirty: true,
    frame: 0x2513d6,
  },
  { what: "in swap", entry: 0x07ff_ffff_d8ed_d008n, found: absent },
  {
    what: "read since",
    entry: 0x8000_0005_4ee2_2067n,
    found: accessed,
    isDirty: true,
    frame: 0x54ee22,
  },
  {
    what: "not used since",
    entry: 0x8000_0005_4ee2_3047n,
    found: idle,
    isDirty: true,
    frame: 0x54ee23,
  },
  {
    what: "PROT_READ, read since",
    entry: 0x8400_0005_4ee2_4025n,
    found: accessed,
    isDirty: true,
    frame: 0x54ee24,
  },
];

/**
 * Made by the manual (Arm ARM, D8.3; arch/arm64/include/asm/pgtable-prot.h), not recorded: valid
 * pages of a user have bits 0, 1, 6 (EL0), 8, 9 (shareable), 11 (nG), 53 and 54 (no execution); 10
 * is the accessed flag, 7 is read-only, 51 lets the processor clear 7 when it writes, 55 is the
 * kernel's own mark of a written page.
 */
const USED = 0x0060_0000_0000_0f43n;
const NOT_USED = USED & ~(1n << 10n);
const READ_ONLY = 1n << 7n;
const DBM = 1n << 51n;
const ARM64_TABLE: readonly Recorded[] = [
  { what: "clean", entry: USED | READ_ONLY | 0x1234_5000n, found: accessed, frame: 0x12345 },
  {
    what: "writable, not written",
    entry: USED | DBM | READ_ONLY | 0x1234_5000n,
    found: accessed,
    frame: 0x12345,
  },
  {
    what: "written, as the processor marks it",
    entry: NOT_USED | DBM | 0xff_1234_5000n,
    found: idle,
    isDirty: true,
    frame: 0xff12345,
  },
  {
    what: "written, as the kernel marks it",
    entry: NOT_USED | READ_ONLY | (1n << 55n) | 0x1234_5000n,
    found: idle,
    isDirty: true,
    frame: 0x12345,
  },
  { what: "page of zeros", entry: USED | READ_ONLY | 0x3b3_4000n, found: absent },
  { what: "never used", entry: 0n, found: absent },
  { what: "in swap, type 2, offset 0x77", entry: (0x77n << 12n) | (2n << 6n), found: absent },
];

for (
  const [name, form, table] of [
    ["x86_64", X86, X86_TABLE],
    ["arm64", ARM64, ARM64_TABLE],
    ["arm64, Linux 6.11", ARM64_LATER, ARM64_TABLE],
  ] as const
) {
  describe(`TableDecoder for ${name}`, () => {
    test("decode() finds the pages that are there and those that were accessed", () => {
      const decoder = new TableDecoder(form, ZERO_FRAME);
      const before = Array.from({ length: TABLE_ENTRIES }, () => 2n ** 64n - 1n);
      const words = wordsOf([...before, ...table.map(({ entry }) => entry)]);
      decoder.decode(words, 2 * TABLE_ENTRIES, 0, table.length);
      const expected = table.map(({ found }) => found);
      expect([...decoder.found.subarray(0, table.length)]).toEqual(expected);
      expect(decoder.present).toBe(expected.filter((found) => found !== absent).length);
      expect(decoder.accessed).toBe(expected.filter((found) => found === accessed).length);
    });

    test("decode() looks at the part of a table that it is told to", () => {
      const decoder = new TableDecoder(form, ZERO_FRAME);
      const words = wordsOf(table.map(({ entry }) => entry));
      decoder.decode(words, 0, 3, 4);
      expect([...decoder.found.subarray(0, 6)]).toEqual([0, 0, 0, table[3]!.found, 0, 0]);
      expect([decoder.present, decoder.accessed]).toEqual([1, table[3]!.found - idle]);
    });

    for (const { what, entry, found, isDirty = false, frame } of table) {
      if (frame === undefined) continue;
      test(`entry() reads one that is ${what}`, () => {
        expect(entryOf(new TableDecoder(form, ZERO_FRAME), entry)).toEqual({
          isPresent: true,
          isAccessed: found === accessed,
          isDirty,
          frame,
        });
      });
    }
  });
}

describe("TableDecoder", () => {
  test("takes the page of zeros for a page when its frame is not known", () => {
    const decoder = new TableDecoder(X86, -1);
    decoder.decode(wordsOf([0x8000_0000_03b3_4225n]), 0, 0, 1);
    expect(decoder.found[0]).toBe(accessed);
  });

  test("tells the page of zeros from one whose frame number has the same low half", () => {
    const decoder = new TableDecoder(X86, ZERO_FRAME);
    decoder.decode(wordsOf([0x8000_0100_03b3_4225n]), 0, 0, 1);
    expect(decoder.found[0]).toBe(accessed);
  });

  test("entry() reads a huge page, and one that is in swap", () => {
    const decoder = new TableDecoder(X86, ZERO_FRAME);
    const huge = { isPresent: true, isAccessed: false, isDirty: true, frame: 0x2b5400 };
    expect(entryOf(decoder, 0x8000_0002_b540_00c7n)).toEqual(huge);
    expect(entryOf(decoder, 0x8000_0002_b540_00e7n)).toEqual({ ...huge, isAccessed: true });
    expect(entryOf(decoder, 0x07ff_ffff_d8ed_d008n).isPresent).toBe(false);
  });

  test("knows pages of arm64 that nobody may touch by the bit of their kernel", () => {
    const forbidden = (1n << 10n) | 0x1234_5000n;
    for (const [form, bit] of [[ARM64, 58n], [ARM64_LATER, 11n]] as const) {
      const decoder = new TableDecoder(form, ZERO_FRAME);
      const entry = forbidden | (1n << bit);
      decoder.decode(wordsOf([entry, forbidden | (1n << (69n - bit))]), 0, 0, 2);
      expect([...decoder.found.subarray(0, 2)]).toEqual([accessed, absent]);
      expect(entryOf(decoder, entry)).toMatchObject({ isPresent: true, frame: 0x12345 });
    }
  });
});
