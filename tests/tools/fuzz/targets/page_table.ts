import { deepStrictEqual } from "node:assert";
import * as fc from "fast-check";
import {
  layoutOf,
  type PageTableLayout,
  TABLE_ENTRIES,
} from "../../../../src/page_table/page_table_layout.ts";
import { FOUND, TableDecoder } from "../../../../src/page_table/table_decoder.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

/** The layouts, chosen by the first byte of an input; of arm64 with each bit for PROT_NONE. */
const LAYOUTS: readonly PageTableLayout[] = [
  layoutOf("x64", 4096, 0xffff_8880_0000_0000n)!,
  layoutOf("x64", 4096, 0xff11_0000_0000_0000n)!,
  arm64With(58),
  arm64With(11),
];

function arm64With(protNone: number): PageTableLayout {
  const layout = layoutOf("arm64", 4096, 0xffff_0000_0000_0000n)!;
  return { ...layout, bits: { ...layout.bits, protNone } };
}
/** The frame of the page of zeros, in the second byte: small, so that entries name it. */
const ZERO_FRAMES = 4;

/** An entry, by the bits that the layout names, in the most obvious way. */
function read(entry: bigint, { bits, addressMask }: PageTableLayout) {
  const has = (bit: number): boolean => ((entry >> BigInt(bit)) & 1n) === 1n;
  const isForbidden = !has(bits.present) && has(bits.protNone);
  const isPresent = has(bits.present) || isForbidden;
  const address = isForbidden && bits.invertsProtNoneFrame ? ~entry : entry;
  const { dirtyBy } = bits;
  return {
    isPresent,
    isAccessed: isPresent && has(bits.accessed),
    isDirty: isPresent &&
      (bits.dirty.some(has) ||
        (dirtyBy !== undefined && has(dirtyBy.set) && !has(dirtyBy.clear))),
    frame: isPresent ? Number((address & addressMask) >> 12n) : 0,
  };
}

const anyEntry = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(0n, 0x8000_0000_0000_1067n, 0x1225n, 0x100n, 0xf43n, 1n << 58n, 1n << 11n),
);

/** TableDecoder over tables of any entries, against a model that looks at one bit at a time. */
export const PAGE_TABLE: FuzzTarget = {
  name: "page_table",
  sources: ["src/page_table/table_decoder.ts", "src/page_table/page_table_layout.ts"],
  inputs: fc.tuple(fc.nat(LAYOUTS.length - 1), fc.nat(255), fc.array(anyEntry, { maxLength: 20 }))
    .map(([layout, zero, entries]) => {
      const words = new Uint8Array(BigUint64Array.from(entries).buffer);
      return Uint8Array.from([layout, zero, ...words]);
    }),
  tokens: [[0x67], [0x25, 0x12], [0, 1], [0x43, 0x0f], [0x80], [0x84]].map((bytes) =>
    Uint8Array.from(bytes)
  ),
  check(input) {
    const layout = LAYOUTS[(input[0] ?? 0) % LAYOUTS.length]!;
    const zeroFrame = (input[1] ?? 0) % ZERO_FRAMES - 1;
    const count = Math.min((input.length - 2) >> 3, TABLE_ENTRIES);
    if (count <= 0) return;
    const entries = new BigUint64Array(Uint8Array.from(input.subarray(2, 2 + 8 * count)).buffer);
    const words = new Int32Array(entries.buffer);
    const decoder = new TableDecoder(layout, zeroFrame);
    decoder.decode(words, 0, 0, count);
    let present = 0;
    let accessed = 0;
    for (const [i, value] of entries.entries()) {
      const model = read(value, layout);
      const entry = decoder.entry(words[2 * i]!, words[2 * i + 1]!);
      deepStrictEqual(entry, model);
      const isUsed = ((value >> BigInt(layout.bits.present)) & 1n) === 1n;
      const isZero = isUsed && model.frame === zeroFrame;
      const isThere = model.isPresent && !isZero;
      const found = !isThere ? FOUND.absent : model.isAccessed ? FOUND.accessed : FOUND.idle;
      deepStrictEqual(decoder.found[i], found);
      present += Number(isThere);
      accessed += Number(isThere && model.isAccessed);
    }
    deepStrictEqual([decoder.present, decoder.accessed], [present, accessed]);
  },
};
