import { describe, expect, test } from "bun:test";
import { noTotal, type TaskStatus } from "../../../src/status/task_status.ts";
import { SAMPLE_ROUND } from "../../unit/cli/sample_status.ts";
import { bytesFor, demandAccounts } from "./account.ts";

type Round = TaskStatus["rounds"][number];

function taskWith(change: Partial<Round>): TaskStatus {
  return {
    name: "t",
    engine: "slide",
    type: "pid",
    value: "1",
    started: true,
    total: noTotal(),
    rounds: [{ ...SAMPLE_ROUND, ...change }],
  };
}

describe("demandAccounts()", () => {
  test("is content with an account that adds up", () => {
    demandAccounts(taskWith({}));
  });

  const faults: [RegExp, Partial<Round>][] = [
    [/cold \d+, but asked/, { spared: [] }],
    [/asked \d+, but moved/, { refused: [] }],
    [/asked \d+, but moved/, { moved_bytes: SAMPLE_ROUND.moved_bytes + 4096 }],
    [/present \d+, but hot/, { hot_bytes: SAMPLE_ROUND.hot_bytes - 4096 }],
  ];
  for (const [fault, change] of faults) {
    test(`finds "${fault.source}" when ${JSON.stringify(change)}`, () => {
      expect(() => demandAccounts(taskWith(change))).toThrow(fault);
    });
  }

  test("wants rounds, and a task that did not fail", () => {
    expect(() => demandAccounts({ ...taskWith({}), rounds: [] })).toThrow("had no round");
    expect(() => demandAccounts({ ...taskWith({}), failed: "why" })).toThrow("failed: why");
  });
});

describe("bytesFor()", () => {
  test("adds up what has the reason", () => {
    const list = [{ reason: "a b", bytes: 1 }, { reason: "b", bytes: 2 }, {
      reason: "c",
      bytes: 4,
    }];
    expect(bytesFor(list, /b$/)).toBe(3);
    expect(bytesFor(list, /d/)).toBe(0);
  });
});
