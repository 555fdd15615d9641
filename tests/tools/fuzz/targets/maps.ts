import { deepStrictEqual } from "node:assert";
import * as fc from "fast-check";
import { parseMaps, type Vma } from "../../../../src/procfs/maps.ts";
import { ProcfsError } from "../../../../src/procfs/read_file.ts";
import { sampleOf } from "../corpus.ts";
import { type FuzzTarget, tokensOf } from "../fuzz_target.ts";

/** The line of a VMA, by the format of show_map_vma() in fs/proc/task_mmu.c. */
const LINE = /^([0-9a-f]+)-([0-9a-f]+) ([^ \n]{4}) [^ \n]* [^ \n]* (\d+)(?: [^\n]*)?$/s;
/** [vsyscall], which no number holds, however the rest of its line looks. */
export const KERNELS = /^f[0-9a-f]{15}-/;

/** Digit by digit: an odd number beyond 2^53, which is no address, is rounded as it is there. */
function numberOf(hexadecimal: string): number {
  return hexadecimal.split("").reduce((value, digit) => value * 16 + Number.parseInt(digit, 16), 0);
}

/** The VMA of a line by the obvious expression; undefined: it is none. */
export function vmaByExpression(line: string): Vma | undefined {
  const [, start, end, permissions = "", inode] = LINE.exec(line) ?? [];
  if (start === undefined || end === undefined) return undefined;
  if (BigInt(`0x${start}`) >= 2n ** 60n || BigInt(`0x${end}`) >= 2n ** 60n) return undefined;
  return {
    start: numberOf(start),
    end: numberOf(end),
    write: permissions[1] === "w",
    execute: permissions[2] === "x",
    private: permissions[3] === "p",
    inode: Number(inode),
  };
}

/** All VMAs of a text; undefined when a line is none. */
function vmasByExpression(text: string): Vma[] | undefined {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const vmas = lines.filter((line) => !KERNELS.test(line)).map(vmaByExpression);
  return vmas.includes(undefined) ? undefined : vmas as Vma[];
}

/** Whether an inode is 0 is what counts; beyond 2^53 a number does not hold all its digits. */
export function roundInode<T extends Vma>(vma: T): T {
  return Number.isSafeInteger(vma.inode) ? vma : { ...vma, inode: Infinity };
}

const hex = fc.nat(2 ** 31 - 1).map((number) => (number * 4096).toString(16));
const path = fc.oneof(
  fc.constantFrom(
    "",
    "/usr/bin/cat",
    "[heap]",
    "/memfd:a b (deleted)",
    "/a\\012b",
    "[anon:) R 1]",
    "/dev/zero (deleted)",
    "7f0000000000-7f0000001000 rw-p 00000000 00:00 0",
  ),
  fc.string({ maxLength: 12 }).map((text) => text.replaceAll("\n", "\\012")),
);
/** A line as the kernel writes it. */
export const vmaLine: fc.Arbitrary<string> = fc.record({
  start: hex,
  end: hex,
  perms: fc.constantFrom("rw-p", "r-xp", "rwxs", "---p"),
  inode: fc.constantFrom("0", "1311", "18446744073709551615"),
  path,
}).map(({ start, end, perms, inode, path: name }) => {
  const line = `${start}-${end} ${perms} 00000000 fd:01 ${inode} `;
  return `${name === "" ? line : line.padEnd(73)}${name}`;
});
const VSYSCALL =
  "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]";

/** parseMaps() against an expression a line: the same VMAs, or refused by a ProcfsError. */
export const MAPS: FuzzTarget = {
  name: "maps",
  sources: ["src/procfs/maps.ts"],
  inputs: fc.oneof(
    {
      weight: 8,
      arbitrary: fc.array(vmaLine, { maxLength: 5 }).map((lines) =>
        Buffer.from([...lines, VSYSCALL, ""].join("\n"))
      ),
    },
    { weight: 1, arbitrary: fc.constant(sampleOf("maps")) },
  ),
  tokens: tokensOf(
    "\n",
    " ",
    "-",
    "0",
    "f",
    "ffffffffff600000-",
    "rw-p",
    " 0 ",
    "00000000",
    "\\012",
    "(deleted)",
    "\0",
  ),
  check(input) {
    const expected = vmasByExpression(Buffer.from(input).toString("latin1"));
    let found: Vma[];
    try {
      found = parseMaps(input);
    } catch (error) {
      if (!(error instanceof ProcfsError)) throw error;
      if (expected !== undefined) throw error;
      return;
    }
    deepStrictEqual(found.map(roundInode), expected?.map(roundInode));
  },
};
