import { describe, expect, test } from "bun:test";
import { BpfAssembler } from "../../../src/page_table/bpf_assembler.ts";

/** The instructions as 16 hexadecimal digits each. */
function digits(asm: BpfAssembler): string[] {
  return Buffer.from(asm.encode()).toString("hex").match(/.{16}/g) ?? [];
}

describe("BpfAssembler", () => {
  // Bytes: operation, source and destination register, offset (2), number (4), low byte first;
  // checked by hand with Documentation/bpf/standardization/instruction-set.rst.
  test("encode() gives the bytes of arithmetic", () => {
    const asm = new BpfAssembler().alu("mov", "r1", "fp").alu("add", "r1", -8)
      .alu("mov", "r2", 4096).alu("and", "r3", "r4").alu("and", "r3", 511)
      .alu("leftShift", "r7", 3).alu("rightShift", "r9", 12).alu("add", "r0", "r5");
    expect(digits(asm)).toEqual([
      "bfa1000000000000",
      "07010000f8ffffff",
      "b702000000100000",
      "5f43000000000000",
      "57030000ff010000",
      "6707000003000000",
      "770900000c000000",
      "0f50000000000000",
    ]);
  });

  test("encode() gives the bytes of loads and stores", () => {
    const asm = new BpfAssembler().load("u64", "r8", "fp", -8).load("u32", "r1", "r6", 16)
      .store("u64", "r2", 8192, "r3").store("u32", "r2", 12, "r9")
      .store("u64", "fp", -16, 0).store("u32", "r6", 8, 3);
    expect(digits(asm)).toEqual([
      "79a8f8ff00000000",
      "6161100000000000",
      "7b32002000000000",
      "63920c0000000000",
      "7a0af0ff00000000",
      "6206080003000000",
    ]);
  });

  test("encode() gives the bytes of jumps in both directions, calls and the end", () => {
    const asm = new BpfAssembler().label("top").jumpIf("r1", "equal", 0, "end")
      .jumpIf("r1", "notEqual", "r8", "top").jumpIf("r2", "atLeast", 512, "end")
      .jumpIf("r1", "below", 256, "top").jump("end").call("get_current_task")
      .call("probe_read_kernel").call("loop").label("end").exit();
    expect(digits(asm)).toEqual([
      "1501070000000000",
      "5d81feff00000000",
      "3502050000020000",
      "a501fcff00010000",
      "0500030000000000",
      "8500000023000000",
      "8500000071000000",
      "85000000b5000000",
      "9500000000000000",
    ]);
  });

  test("encode() gives the bytes of addresses, which take two instructions", () => {
    const asm = new BpfAssembler().mapValue("r6", 7, 64).functionAddress("r2", "function")
      .exit().label("function").exit();
    expect(digits(asm)).toEqual([
      "1826000007000000",
      "0000000040000000",
      "1842000002000000",
      "0000000000000000",
      "9500000000000000",
      "9500000000000000",
    ]);
    expect(asm.positionOf("function")).toBe(5);
  });

  test("encode() refuses what has no place in an instruction", () => {
    expect(() => new BpfAssembler().jump("nowhere").encode())
      .toThrow('Cannot find label "nowhere": not placed');
    expect(() => new BpfAssembler().label("here").label("here")).toThrow("placed twice");
    expect(() => new BpfAssembler().alu("mov", "r1", 2 ** 31).encode())
      .toThrow("Cannot encode number 2147483648");
    expect(() => new BpfAssembler().load("u64", "r1", "r2", 2 ** 15).encode())
      .toThrow("Cannot encode offset 32768");
    const far = new BpfAssembler().jump("far");
    for (let i = 0; i < 2 ** 15; i++) far.exit();
    expect(() => far.label("far").encode()).toThrow("Cannot encode offset 32768");
  });
});
