import { describe, expect, test } from "bun:test";
import { formatAdvice } from "../../../src/cli/format_advice.ts";
import type { AdviceDocument, TaskAdvice } from "../../../src/status/advice.ts";

const MIB = 2 ** 20;
const ADVISED: TaskAdvice = {
  name: "t",
  state: "advised",
  memory_bytes: 100 * MIB,
  stall_limit_percent: 0.1,
  swap_in_us: 10,
  saved_bytes: 60 * MIB,
  returned_bytes_per_minute: MIB,
  harm_percent: 0.05,
};

function documentOf(tasks: TaskAdvice[], lines: string[]): string {
  const document: AdviceDocument = {
    version: 1,
    taken_at: "2026-11-30T19:00:00.000Z",
    project: "p",
    state: lines.length > 0 ? "advised" : "too_little_seen",
    tasks,
    lines,
  };
  return JSON.stringify(document);
}

describe("formatAdvice()", () => {
  test("prints a file, and as comments what it would come to", () => {
    const text = formatAdvice(documentOf([ADVISED], ["[project]", "name=p"]));
    expect(text).toBe(
      "# project p\n" +
        "#   task t: saves 60 MiB of 100 MiB (60 %), 1 MiB a minute come back, a process waits for that 0.05\n" +
        "#     % of its time at most, where a swap-in takes 10 us\n" +
        "\n[project]\nname=p\n",
    );
    expect(Math.max(...text.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(100);
  });

  test("prints comments alone where there is no advice", () => {
    const reason = "too little was seen: ask again in 40 s";
    const task = { ...ADVISED, state: "too_little_seen", reason } as const;
    expect(formatAdvice(documentOf([task], []))).toBe(`# project p\n#   task t: ${reason}\n`);
  });
});
