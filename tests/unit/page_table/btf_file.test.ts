import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { BtfError, BtfFile } from "../../../src/page_table/btf_file.ts";
import { BtfBuilder } from "../../tools/fixtures/btf_builder.ts";
import { runCSource } from "../../tools/fixtures/run_c_source.ts";

const VMLINUX = "/sys/kernel/btf/vmlinux";

/** What is to be found in it, behind a type of each kind. */
function sample(): Uint8Array {
  const btf = new BtfBuilder();
  const int = btf.int("int");
  btf.array(int);
  // PTR, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT
  btf.other(2, 0, []);
  btf.other(6, 2, [0, 1, 0, 2]);
  for (const kind of [7, 8, 9, 10, 11]) btf.other(kind, 0, []);
  // FUNC_PROTO, VAR, DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64
  btf.other(13, 2, [0, int, 0, int]);
  btf.other(14, 0, [1]);
  btf.other(15, 1, [int, 0, 4]);
  btf.other(16, 0, []);
  btf.other(17, 0, [0]);
  btf.other(18, 0, []);
  btf.other(19, 1, [0, 1, 2]);
  const inner = btf.struct("", [{ name: "deep", type: int, bits: 32 }]);
  const choice = btf.struct("", [
    { name: "one", type: int, bits: 0 },
    { name: "", type: inner, bits: 64 },
  ], "union");
  btf.struct("outer", [
    { name: "first", type: int, bits: 0 },
    { name: "", type: choice, bits: 128 },
    { name: "named", type: inner, bits: 256 },
  ]);
  btf.struct("flags", [
    { name: "low", type: int, bits: 0, width: 3 },
    { name: "high", type: int, bits: 3, width: 5 },
    { name: "plain", type: int, bits: 32, width: 0 },
  ]);
  btf.func("longer_name");
  btf.func("name");
  return btf.bytes();
}

describe("BtfFile", () => {
  const btf = new BtfFile(sample());

  test("memberOffset() finds members, also those of structs and unions without a name", () => {
    expect(btf.memberOffset("outer", "first")).toBe(0);
    expect(btf.memberOffset("outer", "one")).toBe(16);
    expect(btf.memberOffset("outer", "deep")).toBe(28);
    expect(btf.memberOffset("outer", "named")).toBe(32);
  });

  test("memberOffset() takes the place of a member for no bit field's when its width is 0", () => {
    expect(btf.memberOffset("flags", "plain")).toBe(4);
    expect(btf.memberOffset("flags", "low")).toBeUndefined();
    expect(btf.memberOffset("flags", "high")).toBeUndefined();
  });

  test("memberOffset() finds no member between two bytes", () => {
    const builder = new BtfBuilder();
    const int = builder.int("int");
    const inner = builder.struct("", [{ name: "wanted", type: int, bits: 32 }]);
    builder.struct("outer", [{ name: "", type: inner, bits: 1 }]);
    expect(new BtfFile(builder.bytes()).memberOffset("outer", "wanted")).toBeUndefined();
  });

  test("memberOffset() finds nothing when there is no such struct or member", () => {
    expect(btf.memberOffset("outer", "nothing")).toBeUndefined();
    expect(btf.memberOffset("nothing", "first")).toBeUndefined();
    // there is a function of that name
    expect(btf.memberOffset("name", "first")).toBeUndefined();
  });

  test("memberOffset() looks on when the first struct of a name is another one", () => {
    const builder = new BtfBuilder();
    const int = builder.int("int");
    builder.struct("twice", [{ name: "other", type: int, bits: 0 }]);
    builder.struct("twice", [{ name: "wanted", type: int, bits: 64 }]);
    expect(new BtfFile(builder.bytes()).memberOffset("twice", "wanted")).toBe(8);
  });

  test("functionId() gives the number of the function's type, by its whole name", () => {
    const id = btf.functionId("longer_name");
    expect(id).toBeGreaterThan(20);
    // its string is the end of the other one's
    expect(btf.functionId("name")).toBe(id! + 1);
    expect(btf.functionId("outer")).toBeUndefined();
    expect(btf.functionId("nam")).toBeUndefined();
  });

  test("BtfFile reads bytes that begin anywhere", () => {
    const shifted = Buffer.concat([Buffer.of(0), sample()]).subarray(1);
    expect(new BtfFile(shifted).memberOffset("outer", "deep")).toBe(28);
  });

  test("BtfFile says what is wrong with bytes that are no BTF", () => {
    const changed = (at: number, value: number): BtfFile => {
      const bytes = sample();
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, value, true);
      return new BtfFile(bytes);
    };
    expect(() => new BtfFile(new Uint8Array(8))).toThrow("Cannot read BTF: no whole header");
    expect(() => changed(0, 0x9feb_0100)).toThrow("neither little-endian nor of version 1");
    expect(() => changed(12, 2 ** 31)).toThrow("Cannot read BTF: ends before byte 2147483672");
    expect(() => changed(12, 5)).toThrow("a type is cut off");
    expect(() => changed(28, 31 << 24).functionId("name")).toThrow("type 1 is of unknown kind");
    expect(() => changed(28, 0).functionId("name")).toThrow("type 1 is of unknown kind");
    expect(() => changed(28, 4 << 24 | 0xffff).functionId("name")).toThrow("type 1 is cut off");
    expect(() => changed(28, 31 << 24).functionId("name")).toThrow(BtfError);
  });

  test("memberOffset() ends when structs without a name lie in each other", () => {
    const builder = new BtfBuilder();
    builder.struct("round", [{ name: "", type: 2, bits: 0 }]);
    builder.struct("", [{ name: "", type: 2, bits: 0 }]);
    builder.struct("missing", [{ name: "", type: 77, bits: 0 }]);
    const file = new BtfFile(builder.bytes());
    expect(file.memberOffset("round", "x")).toBeUndefined();
    expect(() => file.memberOffset("missing", "x")).toThrow("there is no type 77");
  });

  test("memberOffset() looks at each struct once, and not below 32 of them", () => {
    const builder = new BtfBuilder();
    builder.struct("chain", [{ name: "", type: 2, bits: 0 }]);
    for (let id = 2; id < 30; id++) {
      const next = { name: "", type: id + 1, bits: 32 };
      builder.struct("", [next, next, next, next]);
    }
    expect(builder.int("int")).toBe(30);
    const file = (): BtfFile => new BtfFile(builder.bytes());
    expect(file().memberOffset("chain", "x")).toBeUndefined();
    for (let id = 31; id < 100; id++) builder.struct("", [{ name: "", type: id + 1, bits: 0 }]);
    builder.struct("deep", [{ name: "", type: 31, bits: 0 }]);
    expect(() => file().memberOffset("deep", "x")).toThrow("is nested too deeply");
  });

  test.skipIf(!existsSync(VMLINUX))(
    "memberOffset() agrees with the C compiler of the kernel's own structs",
    () => {
      const known = JSON.parse(runCSource(`#include <linux/perf_event.h>
#include <stddef.h>
#include <stdio.h>
int main(void) { printf("[%zu, %zu, %zu]",
offsetof(struct perf_event_attr, sample_freq), offsetof(struct perf_event_attr, bp_len),
offsetof(struct perf_event_attr, aux_watermark)); return 0; }`)) as number[];
      const vmlinux = new BtfFile(readFileSync(VMLINUX));
      const found = ["sample_freq", "bp_len", "aux_watermark"].map((member) =>
        vmlinux.memberOffset("perf_event_attr", member)
      );
      expect(found).toEqual(known);
      expect(vmlinux.memberOffset("perf_event_attr", "disabled")).toBeUndefined();
    },
  );
});
