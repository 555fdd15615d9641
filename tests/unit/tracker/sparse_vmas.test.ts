import { describe, expect, test } from "bun:test";
import type { SmapsVma } from "../../../src/procfs/smaps.ts";
import { leaveSparse } from "../../../src/tracker/sparse_vmas.ts";
import type { Reason } from "../../../src/reason/reasons.ts";

const REASON = "sparse mapping: this kernel cannot say where its pages are" as Reason;
const [MIB, GIB, TIB] = [2 ** 20, 2 ** 30, 2 ** 40];

/** VMAs one behind the other, each of a size and with so much present. */
function vmas(...sizes: readonly (readonly [sizeBytes: number, rssBytes: number])[]): SmapsVma[] {
  let end = 2 ** 32;
  return sizes.map(([sizeBytes, rssBytes]) => ({
    start: end,
    end: end += sizeBytes,
    write: true,
    execute: false,
    private: true,
    inode: 0,
    rssBytes,
    referencedBytes: 0,
    kernelPageBytes: 4096,
    vmFlags: [],
  }));
}

/** The indexes of the VMAs that stay, and what is left alone. */
function left(all: readonly SmapsVma[]): [number[], number] {
  const { vmas: kept, leftAlone } = leaveSparse(all);
  return [kept.map((vma) => all.indexOf(vma)), leftAlone.get(REASON) ?? 0];
}

describe("leaveSparse()", () => {
  test("leaves a sparse mapping of terabytes alone, and says how much of it is present", () => {
    expect(left(vmas([16 * MIB, 16 * MIB], [14 * TIB, 4 * MIB], [GIB, 64 * MIB])))
      .toEqual([[0, 2], 4 * MIB]);
  });

  test("takes a mapping of terabytes that is mostly present", () => {
    expect(left(vmas([4 * TIB, TIB]))).toEqual([[0], 0]);
  });

  test("passes over what has nothing present", () => {
    expect(left(vmas([16 * TIB, 0], [MIB, MIB]))).toEqual([[1], 0]);
  });

  test("takes sparse mappings up to 64 GiB in all, however many there are", () => {
    const all = vmas(...Array.from({ length: 1000 }, () => [30 * GIB, MIB] as const));
    expect(left(all)).toEqual([[0, 1], 998 * MIB]);
  });

  test("keeps hugetlb memory, which Rss does not count", () => {
    const [vma] = vmas([16 * TIB, 0]);
    expect(left([{ ...vma!, vmFlags: ["ht"] }])).toEqual([[0], 0]);
  });
});
