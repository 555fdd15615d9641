import * as fc from "fast-check";
import { BtfError, BtfFile } from "../../../../src/page_table/btf_file.ts";
import { BtfBuilder, type BtfMember } from "../../fixtures/btf_builder.ts";
import { type FuzzTarget, tokensOf } from "../fuzz_target.ts";
import { mutated } from "../mutated.ts";

const NAMES = ["task_struct", "files", "mm_struct", "s", "", "bpf_iter_task"];

const name = fc.constantFrom(...NAMES);
const member: fc.Arbitrary<BtfMember> = fc.record({
  name,
  type: fc.nat(12),
  bits: fc.nat(0x1_0000),
  width: fc.option(fc.nat(32), { nil: undefined }),
}) as fc.Arbitrary<BtfMember>;

/** A type of a file, as a call of its builder. */
const type: fc.Arbitrary<(btf: BtfBuilder) => void> = fc.oneof(
  name.map((text) => (btf: BtfBuilder) => void btf.int(text)),
  name.map((text) => (btf: BtfBuilder) => void btf.func(text)),
  fc.nat(12).map((id) => (btf: BtfBuilder) => void btf.array(id)),
  fc.tuple(name, fc.array(member, { maxLength: 5 }), fc.constantFrom("struct", "union")).map(
    ([text, members, kind]) => (btf: BtfBuilder) => void btf.struct(text, members, kind),
  ),
  fc.tuple(fc.nat(31), fc.nat(3), fc.array(fc.nat(0xffff), { maxLength: 9 })).map(
    ([kind, members, words]) => (btf: BtfBuilder) => void btf.other(kind, members, words),
  ),
);

const file = fc.array(type, { maxLength: 12 }).map((types) => {
  const btf = new BtfBuilder();
  for (const add of types) add(btf);
  return btf.bytes();
});

const word = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

/** More than a lookup takes in any file of this size, on a busy machine. */
const MOST_MS = 2_000;

/** @returns undefined for what is no whole BTF, which is said by an error of its own. */
function ask<T>(question: () => T): T | undefined {
  try {
    return question();
  } catch (error) {
    if (error instanceof BtfError) return undefined;
    throw error;
  }
}

/** The reader of BTF: it throws nothing but its own error, and comes to an end. */
export const BTF: FuzzTarget = {
  name: "btf",
  sources: ["src/page_table/btf_file.ts"],
  inputs: fc.oneof(
    { weight: 2, arbitrary: file },
    {
      weight: 3,
      arbitrary: mutated(file, [word(0x01_eb9f), word(0), word(1), word(24), word(0xffff_ffff)]),
    },
    { weight: 1, arbitrary: fc.uint8Array() },
  ),
  tokens: [...tokensOf("task_struct\0", "files\0"), word(24), word(4 << 24 | 1), word(5 << 24 | 2)],
  check(input) {
    const begin = performance.now();
    for (const struct of NAMES) {
      for (const wanted of NAMES) {
        const offset = ask(() => new BtfFile(input).memberOffset(struct, wanted));
        if (offset !== undefined && !(Number.isInteger(offset) && offset >= 0)) {
          throw new Error(`a member at ${offset}`);
        }
      }
      const id = ask(() => new BtfFile(input).functionId(struct));
      if (id !== undefined && !(id > 0 && id <= input.length / 12)) throw new Error(`id ${id}`);
    }
    const ms = performance.now() - begin;
    if (ms > MOST_MS) throw new Error(`${input.length} bytes took ${ms} ms`);
  },
};
