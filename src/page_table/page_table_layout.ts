/** The number of a bit of a 64-bit entry: of its low word when below 32, else of the high one. */
export type Bit = number;

/** The bits of an entry of the lowest level; leaves of upper levels have the same ones. */
export interface EntryBits {
  /** The processor uses the entry. */
  readonly present: Bit;
  /**
   * Where `present` is 0, this says that there is a page all the same: an access to it is a fault
   * (PROT_NONE, or the kernel waits for the next access to see from which node it comes).
   */
  readonly protNone: Bit;
  readonly accessed: Bit;
  /** Each says alone that the page was written to. */
  readonly dirty: readonly Bit[];
  /** Set, and with `clear` not set, it says so too: the processor marks written pages like this. */
  readonly dirtyBy?: { readonly set: Bit; readonly clear: Bit };
  /** Whether a page by `protNone` has the bits of its frame number inverted (because of L1TF). */
  readonly invertsProtNoneFrame: boolean;
}

/** How page tables of processes look on a machine. An entry has 64 bits, little-endian. */
export interface PageTableLayout {
  /** For people. */
  readonly name: string;
  /** Tables that the processor goes through, that of base pages included. */
  readonly levels: number;
  /**
   * The low word of an entry above the lowest level, under this mask, is `tableValue` when the
   * entry names a table.
   */
  readonly tableMask: number;
  readonly tableValue: number;
  /** Bits of an entry that hold a physical address. */
  readonly addressMask: bigint;
  readonly bits: EntryBits;
}

/** log2 of the bytes of a base page, and of the entries of a table: the one granule we know. */
export const PAGE_SHIFT = 12;
const TABLE_SHIFT = 9;
export const TABLE_ENTRIES = 2 ** TABLE_SHIFT;

/** Bytes of memory behind an entry: 4 KiB, 2 MiB and 1 GiB at the levels 0, 1 and 2. */
export function entryBytes(level: number): number {
  return 2 ** (PAGE_SHIFT + TABLE_SHIFT * level);
}

/**
 * arch/x86/include/asm/pgtable_types.h: _PAGE_PRESENT, _PAGE_PROTNONE, _PAGE_ACCESSED, _PAGE_DIRTY,
 * and _PAGE_SAVED_DIRTY, where the kernel keeps that a write-protected page is dirty.
 */
const X86_BITS: EntryBits = {
  present: 0,
  protNone: 8,
  accessed: 5,
  dirty: [6, 58],
  invertsProtNoneFrame: true,
};

/** _PAGE_PRESENT without _PAGE_PSE; bits 12 to 51 hold an address. */
const X86: Omit<PageTableLayout, "name" | "levels"> = {
  tableMask: 0x81,
  tableValue: 0x01,
  addressMask: 0x000f_ffff_ffff_f000n,
  bits: X86_BITS,
};

/**
 * arch/arm64/include/asm/pgtable-hwdef.h and pgtable-prot.h: PTE_VALID, PTE_AF, PTE_DIRTY, PTE_DBM
 * and PTE_RDONLY. A page without access rights has PTE_PROT_NONE (58) in Linux up to 6.10, and
 * PTE_PRESENT_INVALID (11) in later ones, where the other bit belongs to swap entries.
 */
const ARM64_BITS: Omit<EntryBits, "protNone"> = {
  present: 0,
  accessed: 10,
  dirty: [55],
  dirtyBy: { set: 51, clear: 7 },
  invertsProtNoneFrame: false,
};

/** PTE_PROT_NONE and PTE_PRESENT_INVALID of arm64. */
export const ARM64_PROT_NONE_BITS: readonly Bit[] = [58, 11];

/**
 * PMD_TYPE_TABLE under PMD_TYPE_MASK. With LPA2 bits 12 to 49 hold an address and bits 8 and 9 the
 * two above, which no machine with less than 1 PiB of address space has; without it the bits from
 * 48 on are 0.
 */
const ARM64: Omit<PageTableLayout, "name" | "levels" | "bits"> = {
  tableMask: 3,
  tableValue: 3,
  addressMask: 0x0003_ffff_ffff_f000n,
};

/** Ones that an address of the kernel begins with. */
function leadingOnes(address: bigint): number {
  return Math.clz32(~Number(address >> 32n) >>> 0);
}

/**
 * Tells the layout from an address in the kernel's map of all memory. That map begins where the
 * addresses of the kernel begin, which depends on the number of levels: 0xffff8880_00000000 with 4
 * and 0xff110000_00000000 with 5 on x86_64 (Documentation/arch/x86/x86_64/mm.rst), and at the
 * lowest address of the kernel on arm64 (Documentation/arch/arm64/memory.rst).
 * @param arch as process.arch has it.
 * @param protNone of arm64: which of ARM64_PROT_NONE_BITS this kernel has.
 * @returns undefined when it is none that we know.
 */
export function layoutOf(
  arch: string,
  pageBytes: number,
  kernelAddress: bigint,
  protNone: Bit = ARM64_PROT_NONE_BITS[0]!,
): PageTableLayout | undefined {
  if (pageBytes !== 2 ** PAGE_SHIFT) return undefined;
  const ones = leadingOnes(kernelAddress);
  if (arch === "x64") {
    if (ones < 7) return undefined;
    const levels = ones < 16 ? 5 : 4;
    return { ...X86, name: `x86_64 with ${levels} levels`, levels };
  }
  // Addresses of 39, 48 or 52 bits.
  const levels = new Map([[25, 3], [16, 4], [12, 5]]).get(ones);
  if (arch !== "arm64" || levels === undefined) return undefined;
  return {
    ...ARM64,
    name: `arm64 with ${levels} levels`,
    levels,
    bits: { ...ARM64_BITS, protNone },
  };
}

/** What an entry that names a table looks like, with any number of levels. */
export type TableForm = Pick<PageTableLayout, "tableMask" | "tableValue">;

/** @param arch as process.arch has it. @returns undefined when it is none that we know. */
export function tableFormOf(arch: string): TableForm | undefined {
  return new Map<string, TableForm>([["x64", X86], ["arm64", ARM64]]).get(arch);
}
