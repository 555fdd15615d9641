import { describe, expect, test } from "bun:test";
import {
  BPF_ATTR,
  BPF_CMD,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_TRACING,
  loadProgram,
  ProgramRefused,
  runProgram,
  SharedValue,
} from "../../../ffi/bpf.ts";
import { close } from "../../../ffi/libc.ts";
import { whyNoPageTables } from "../../../src/page_table/why_no_page_tables.ts";
import { runCSource } from "../../tools/fixtures/run_c_source.ts";

/** What the C compiler makes of linux/bpf.h. */
function known(): Record<string, number> {
  const lines = [
    ...Object.keys(BPF_ATTR).map((name) => [name, `offsetof(union bpf_attr, ${name})`]),
    ...Object.keys(BPF_CMD).map((name) => [name, name]),
    ...["BPF_PROG_TYPE_SYSCALL", "BPF_PROG_TYPE_TRACING"].map((name) => [name, name]),
  ].map(([name, value]) => `printf("\\"${name}\\": %zu, ", (size_t)${value});`);
  const text = runCSource(`#include <linux/bpf.h>
#include <stddef.h>
#include <stdio.h>
int main(void) { printf("{"); ${lines.join("\n")} printf("\\"end\\": 0}"); return 0; }`);
  return JSON.parse(text) as Record<string, number>;
}

/** r0 = 0; exit */
const NOTHING = Buffer.from("b7000000000000009500000000000000", "hex");

describe("the numbers of bpf(2)", () => {
  test("are those of linux/bpf.h", () => {
    const ours = { ...BPF_ATTR, ...BPF_CMD, BPF_PROG_TYPE_SYSCALL, BPF_PROG_TYPE_TRACING, end: 0 };
    expect(known()).toEqual(ours);
  });
});

describe.skipIf(whyNoPageTables() !== undefined)("bpf(2)", () => {
  test("loadProgram() says what the verifier said last when it refuses a program", () => {
    // exit without a value in r0
    const instructions = NOTHING.subarray(8);
    const load = (): number =>
      loadProgram({ name: "refused", type: BPF_PROG_TYPE_SYSCALL, instructions });
    expect(load).toThrow(ProgramRefused);
    expect(load).toThrow("R0 !read_ok");
  });

  test("runProgram() runs a SYSCALL program in this thread, and EBADF is thrown of no program", () => {
    const type = BPF_PROG_TYPE_SYSCALL;
    const fd = loadProgram({ name: "nothing", type, instructions: NOTHING });
    runProgram(fd);
    close(fd);
    expect(() => runProgram(fd)).toThrow("bpf(BPF_PROG_TEST_RUN): EBADF");
  });

  test("SharedValue leaves views of it empty when it is disposed of", () => {
    const value = new SharedValue("test", 10_000);
    const bytes = new Uint8Array(value.buffer);
    value[Symbol.dispose]();
    expect([bytes.length, bytes[0]]).toEqual([0, undefined]);
  });

  test("SharedValue is memory of this process, zero at first", () => {
    using value = new SharedValue("test", 10_000);
    const bytes = new Uint8Array(value.buffer);
    expect([bytes.length, bytes.every((byte) => byte === 0)]).toEqual([10_000, true]);
    bytes[9_999] = 1;
    expect(bytes.at(-1)).toBe(1);
    expect(() => new SharedValue("a name that is long", 1)).toThrow("too long");
    expect(() => new SharedValue("large", 2 ** 31)).toThrow("bpf(BPF_MAP_CREATE)");
  });
});
