import { expect, test } from "bun:test";
import { addRound, noTotal } from "../../../src/status/task_status.ts";
import { SAMPLE_ROUND } from "../cli/sample_status.ts";

test("addRound() adds what a stopped round has moved, and does not count it", () => {
  const total = noTotal();
  addRound(total, SAMPLE_ROUND);
  addRound(total, { ...SAMPLE_ROUND, state: "stopped" });
  expect(total).toMatchObject({
    rounds: 1,
    asked_bytes: 2 * SAMPLE_ROUND.asked_bytes,
    moved_bytes: 2 * SAMPLE_ROUND.moved_bytes,
    came_back_bytes: 2 * SAMPLE_ROUND.came_back_bytes,
  });
  expect(total).not.toHaveProperty("cold_bytes");
});
