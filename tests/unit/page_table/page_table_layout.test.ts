import { describe, expect, test } from "bun:test";
import { entryBytes, layoutOf, tableFormOf } from "../../../src/page_table/page_table_layout.ts";

/** An address of the kernel's map of all memory, the levels that follow. */
const KNOWN: readonly (readonly [arch: string, address: bigint, levels: number])[] = [
  ["x64", 0xffff_8880_0654_b000n, 4],
  // with KASLR
  ["x64", 0xffff_9e03_c120_0000n, 4],
  ["x64", 0xffff_c8ff_c120_0000n, 4],
  ["x64", 0xff11_0001_0654_b000n, 5],
  ["x64", 0xff8b_7d3c_0654_b000n, 5],
  ["arm64", 0xffff_ff80_0654_b000n, 3],
  ["arm64", 0xffff_0000_0654_b000n, 4],
  ["arm64", 0xffff_6fc1_0654_b000n, 4],
  ["arm64", 0xfff0_0000_0654_b000n, 5],
];

describe("layoutOf()", () => {
  test("layoutOf() tells the levels from where the kernel has all memory mapped", () => {
    for (const [arch, address, levels] of KNOWN) {
      expect([address, layoutOf(arch, 4096, address)?.levels]).toEqual([address, levels]);
    }
  });

  test("layoutOf() knows no other architecture, page size or address", () => {
    const address = 0xffff_8880_0654_b000n;
    expect(layoutOf("riscv64", 4096, address)).toBeUndefined();
    expect(layoutOf("arm64", 65536, 0xffff_0000_0654_b000n)).toBeUndefined();
    // 47 bits of addresses, which only pages of 16 KiB have
    expect(layoutOf("arm64", 4096, 0xffff_8000_0654_b000n)).toBeUndefined();
    expect(layoutOf("x64", 4096, 0x7fff_8880_0654_b000n)).toBeUndefined();
    expect(tableFormOf("riscv64")).toBeUndefined();
  });

  test("layoutOf() takes the bit of PROT_NONE that an arm64 kernel was seen to have", () => {
    const address = 0xffff_0000_0654_b000n;
    expect(layoutOf("arm64", 4096, address)?.bits.protNone).toBe(58);
    expect(layoutOf("arm64", 4096, address, 11)?.bits.protNone).toBe(11);
  });

  test("entryBytes() is a page, a huge page, and a GiB", () => {
    expect([0, 1, 2].map(entryBytes)).toEqual([4096, 2 ** 21, 2 ** 30]);
  });
});
