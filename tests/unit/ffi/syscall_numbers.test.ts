import { describe, expect, test } from "bun:test";
import { SYSCALL, syscallNumbersOf } from "../../../ffi/syscall_numbers.ts";

/** What the C preprocessor makes of the names: a line `"move_pages" 279` each. */
function linesOf(header: string): string[] {
  const lines = Object.keys(SYSCALL).map((name) => `"${name}" __NR_${name}`);
  const source = [`#include <${header}>`, ...lines, ""].join("\n");
  const run = Bun.spawnSync(["cc", "-E", "-P", "-x", "c", "-"], { stdin: Buffer.from(source) });
  return run.stdout.toString().split("\n").filter((line) => line.startsWith('"'));
}

function linesFor(arch: string): string[] {
  return Object.entries(syscallNumbersOf(arch)).map(([name, number]) => `"${name}" ${number}`);
}

describe("syscallNumbersOf()", () => {
  test("syscallNumbersOf() agrees with this machine's C headers when asked for its architecture", () => {
    expect(linesFor(process.arch)).toEqual(linesOf("sys/syscall.h"));
  });

  test("syscallNumbersOf() agrees with asm-generic/unistd.h when asked for aarch64, which uses it", () => {
    expect(linesFor("arm64")).toEqual(linesOf("asm-generic/unistd.h"));
  });

  test("syscallNumbersOf() names the known ones when asked for another architecture", () => {
    expect(() => syscallNumbersOf("riscv64")).toThrow('"riscv64": known are x64, arm64');
  });
});
