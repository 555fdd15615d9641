import { deepStrictEqual } from "node:assert";
import * as fc from "fast-check";
import { ProcfsError } from "../../../../src/procfs/read_file.ts";
import { type SmapsVma } from "../../../../src/procfs/smaps.ts";
import { parseSmaps } from "../../fixtures/parse_smaps.ts";
import { sampleOf } from "../corpus.ts";
import { type FuzzTarget, tokensOf } from "../fuzz_target.ts";
import { KERNELS, roundInode, vmaByExpression, vmaLine } from "./maps.ts";

const SIZES = ["Rss", "Referenced", "KernelPageSize"] as const;

/** The VMAs in the most obvious way; undefined when a line is wrong or something is missing. */
function vmasByExpression(text: string): SmapsVma[] | undefined {
  const found: SmapsVma[] = [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  // What begins with a capital letter belongs to the VMA above it.
  const blocks: string[][] = [];
  for (const line of lines) {
    if (/^[A-Z]/.test(line)) blocks.at(-1)?.push(line);
    else blocks.push([line]);
    const [, name, value] = /^(\w+):(.*)$/s.exec(line) ?? [];
    const isSize = SIZES.some((size) => size === name);
    if (isSize && !/^\s*\d{1,12}(?: kB)?\s*$/.test(value ?? "")) return undefined;
  }
  for (const [head = "", ...fields] of blocks) {
    if (KERNELS.test(head) || head === "") continue;
    const vma = vmaByExpression(head);
    const size = (name: string): number | undefined => {
      const line = fields.findLast((field) => field.startsWith(`${name}:`));
      return line === undefined
        ? undefined
        : Number.parseInt(line.slice(name.length + 1).trim(), 10) * 1024;
    };
    const [rssBytes, referencedBytes, kernelPageBytes] = SIZES.map(size);
    if (
      vma === undefined || rssBytes === undefined || referencedBytes === undefined ||
      kernelPageBytes === undefined
    ) {
      return undefined;
    }
    const flags = fields.findLast((field) => field.startsWith("VmFlags:")) ?? "";
    found.push({
      ...vma,
      rssBytes,
      referencedBytes,
      kernelPageBytes,
      vmFlags: flags.split(" ").filter((flag) => flag.length === 2),
    });
  }
  return found;
}

const vma = fc.tuple(vmaLine, fc.nat(9999), fc.nat(9999), fc.constantFrom("rd wr mr", "rd ht ", ""))
  .map(
    ([line, rss, referenced, flags]) =>
      [
        line,
        "Size:               1024 kB",
        "KernelPageSize:        4 kB",
        "MMUPageSize:           4 kB",
        `Rss:             ${rss} kB`,
        `Referenced:        ${referenced} kB`,
        "AnonHugePages:         0 kB",
        "THPeligible:           0",
        `VmFlags: ${flags}`,
      ].join("\n"),
  );

/** parseSmaps() against expressions: the same VMAs, or refused by a ProcfsError. */
export const SMAPS: FuzzTarget = {
  name: "smaps",
  sources: ["src/procfs/smaps.ts", "src/procfs/size_table.ts"],
  inputs: fc.oneof(
    {
      weight: 20,
      arbitrary: fc.array(vma, { maxLength: 4 }).map((vmas) =>
        Buffer.from([...vmas, ""].join("\n"))
      ),
    },
    { weight: 1, arbitrary: fc.constant(sampleOf("smaps")) },
  ),
  tokens: tokensOf(
    "\n",
    " ",
    "Rss:",
    "Referenced:",
    "KernelPageSize:",
    "VmFlags:",
    " kB",
    "0",
    "99999999999999999",
    "-",
    "ff",
    "R",
  ),
  check(input) {
    const text = Buffer.from(input).toString("latin1");
    const expected = vmasByExpression(text);
    let found: SmapsVma[];
    try {
      found = parseSmaps(text);
    } catch (error) {
      if (!(error instanceof ProcfsError)) throw error;
      if (expected !== undefined) throw error;
      return;
    }
    deepStrictEqual(found.map(roundInode), expected?.map(roundInode));
  },
};
