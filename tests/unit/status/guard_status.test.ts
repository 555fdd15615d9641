import { expect, test } from "bun:test";
import { type ProcessGuardStatus, summariseGuards } from "../../../src/status/guard_status.ts";

const GUARD: ProcessGuardStatus = {
  limitPercent: 0.1,
  harmPercent: 0.02,
  ageScans: 4,
  swapInSeconds: 7e-6,
  state: "guards",
};

test("summariseGuards() shows the process that is worst off", () => {
  const guards: ProcessGuardStatus[] = [GUARD, {
    ...GUARD,
    limitPercent: 0.05,
    harmPercent: 0.3,
    ageScans: 12,
    swapInSeconds: 9e-6,
    state: "pauses",
  }, { ...GUARD, state: "aside" }];
  expect(summariseGuards(guards, 5)).toEqual({
    stall_limit_percent: 0.05,
    harm_percent: 0.3,
    age_scans: 12,
    age_seconds: 60,
    swap_in_us: 9,
    paused_processes: 1,
    unguarded_processes: 1,
  });
});

test("summariseGuards() says that no page is old enough", () => {
  const guards: ProcessGuardStatus[] = [GUARD, { ...GUARD, ageScans: Number.POSITIVE_INFINITY }];
  expect(summariseGuards(guards, 1)).toMatchObject({ age_scans: null, age_seconds: null });
});
