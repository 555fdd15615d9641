import { describe, expect, test } from "bun:test";
import { RoundRecord } from "../../../../src/engine/round/round_record.ts";
import type { ScanStepReply } from "../../../../src/engine/round/scan_step.ts";
import { noPhases } from "../../../../src/status/round_phases.ts";
import { finishedStep } from "./finished_step.ts";
import type { Reason } from "../../../../src/reason/reasons.ts";

const times = { ...noPhases(), vmas_us: 1, scan_us: 2, classify_us: 3, move_us: 4, verify_us: 5 };
const done: ScanStepReply = finishedStep(undefined, {
  times,
  cpuUs: 6,
  errors: ["one", "two"],
  figures: {
    scanned_bytes: 100,
    present_bytes: 100,
    hot_bytes: 40,
    cold_bytes: 60,
    hot_huge_bytes: 8,
    asked_bytes: 50,
    moved_bytes: 30,
    refused: new Map([["shared" as Reason, 15], ["busy" as Reason, 5]]),
    spared: new Map([["stopped" as Reason, 10]]),
    came_back_bytes: 3,
  },
});

describe("RoundRecord", () => {
  test("adds up what the steps of all processes came to", () => {
    const record = new RoundRecord(4);
    record.add(done);
    record.add(done);
    record.add({ state: "gone", times, cpuUs: 6, errors: [], figures: { scanned_bytes: 7 } });
    expect(record.view()).toMatchObject({
      number: 4,
      state: "running",
      scanned_bytes: 207,
      present_bytes: 200,
      hot_bytes: 80,
      cold_bytes: 120,
      hot_huge_bytes: 16,
      asked_bytes: 100,
      moved_bytes: 60,
      refused: [
        { reason: "shared", bytes: 30 },
        { reason: "busy", bytes: 10 },
      ],
      spared: [{ reason: "stopped", bytes: 20 }],
      came_back_bytes: 6,
      scan_errors: 4,
      phases: { vmas_us: 3, scan_us: 6, classify_us: 9, move_us: 12, verify_us: 15 },
      cpu_us: 18,
    });
    record.end("done");
    expect(record.view().state).toBe("done");
  });

  test("summary() gives the reasons for what did not move, the most important first", () => {
    const record = new RoundRecord(4);
    record.status.processes = 1;
    const account = record.summary(false);
    expect(account).toStartWith(
      "round 4: 1 process, present 0.0 MiB, cold 0.0, asked 0.0, moved 0.0, came back 0.0",
    );
    record.skip("VmRSS is not above swap_threshold" as Reason, [7]);
    record.status.spared.push({ reason: "stopped", bytes: 5 * 2 ** 20 });
    record.status.refused.push(
      { reason: "busy", bytes: 2 ** 20 },
      { reason: "locked, hugetlb or device memory", bytes: 106.8 * 2 ** 20 },
    );
    expect(record.summary(false)).toBe(
      `${account}; skipped 1: VmRSS is not above swap_threshold; ` +
        "refused 106.8: locked, hugetlb or device memory; refused 1.0: busy; spared 5.0: stopped",
    );
    record.status.processes = 2;
    record.skip("x".repeat(300) as Reason, [8, 9]);
    record.end("stopped");
    expect(record.summary(true)).toBe(
      `${account.replace("1 process", "2 processes")}; failed; stopped; skipped 2: ${
        "x".repeat(77)
      }...; skipped 1: VmRSS is not above swap_threshold; ` +
        "refused 106.8: locked, hugetlb or device memory; refused 1.0: busy; 1 more in status",
    );
  });

  test("summary() gives a reason that is about no process without their number", () => {
    const record = new RoundRecord(1);
    record.skip("MemAvailable is not below sysmem_threshold" as Reason, []);
    expect(record.summary(false)).toEndWith(
      "0.0; skipped: MemAvailable is not below sysmem_threshold",
    );
  });

  test("skip() counts by reason and names eight of the processes", () => {
    const record = new RoundRecord(1);
    record.skip("small" as Reason, [1, 2, 3]);
    record.skip("large" as Reason, [9]);
    record.skip("small" as Reason, [4, 5, 6, 7, 8, 10, 11]);
    expect(record.view().skipped).toEqual([
      { reason: "small", processes: 10, pids: [1, 2, 3, 4, 5, 6, 7, 8] },
      { reason: "large", processes: 1, pids: [9] },
    ]);
  });
});
