import { deepStrictEqual } from "node:assert";
import * as fc from "fast-check";
import { parseProcessStat, type ProcessStat } from "../../../../src/procfs/process_stat.ts";
import { ProcfsError } from "../../../../src/procfs/read_file.ts";
import { sampleOf } from "../corpus.ts";
import { type FuzzTarget, tokensOf } from "../fuzz_target.ts";

/** Numbers of fields as proc_pid_stat(5) has them; the last one that is looked at is 28. */
const LAST_FIELD = 28;
/** A record: what the kernel writes, with any name in the parentheses. */
const RECORD = /^[^(]*\((.*)\) (.*)$/s;

/** What the record says, in the most obvious way; undefined: it is none. */
function statByExpression(text: string): ProcessStat | undefined {
  const [, comm = "", rest = ""] = RECORD.exec(text) ?? [];
  if (rest.includes(")")) return undefined;
  const fields = rest.trim().split(" ");
  const at = (number: number): string => fields[number - 3] ?? "";
  if (fields.length < LAST_FIELD - 2) return undefined;
  if (![4, 9, 10, 12, 20, 22].every((number) => /^-?\d+$/.test(at(number)))) return undefined;
  return {
    comm: comm.split("\\\\").map((part) => part.replaceAll("\\n", "\n")).join("\\"),
    ppid: Number(at(4)),
    isKernelThread: (Number(at(9)) & 0x200000) !== 0,
    hasThreadEnded: ["Z", "X", "x"].includes(at(3)),
    isDead: ["Z", "X", "x"].includes(at(3)) && Number(at(20)) <= 1,
    threads: Number(at(20)),
    startTicks: Number(at(22)),
    memoryId: `${at(26)}:${at(28)}`,
    faults: Number(at(10)) + Number(at(12)),
    majorFaults: Number(at(12)),
    activity: [10, 12, 23, 24].map(at).join(":"),
  };
}

const comm = fc.oneof(
  fc.constantFrom(
    "cat",
    ") R 1",
    "a) Z 0 (b",
    "\n",
    "x\n1 (etmemd) S 1",
    "",
    "((",
    "))",
    "\x1b[31m",
    "é",
  ),
  fc.string({ unit: "binary-ascii", maxLength: 15 }),
);
const record = fc.tuple(
  comm,
  fc.constantFrom("S", "R", "Z", "X"),
  fc.array(fc.nat(), { minLength: 49, maxLength: 49 }),
).map(
  ([name, state, numbers]) => `4711 (${name}) ${state} ${numbers.join(" ")}\n`,
);

/** parseProcessStat() against an expression: the same, or refused by a ProcfsError. */
export const PROCESS_STAT: FuzzTarget = {
  name: "process_stat",
  sources: ["src/procfs/process_stat.ts"],
  inputs: fc.oneof(
    record.map((text) => Buffer.from(text)),
    fc.constant(sampleOf("stat")),
  ),
  tokens: tokensOf(
    "(",
    ")",
    ") ",
    " ",
    "\n",
    "-1",
    "0",
    "x",
    "Z",
    "9999999999999999999999",
    ") R 1 ",
  ),
  check(input) {
    const text = Buffer.from(input).toString("latin1");
    const expected = statByExpression(text);
    let found: ProcessStat;
    try {
      found = parseProcessStat(text);
    } catch (error) {
      if (!(error instanceof ProcfsError)) throw error;
      if (expected !== undefined) throw error;
      return;
    }
    deepStrictEqual(found, expected);
  },
};
