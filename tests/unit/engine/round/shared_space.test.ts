import { expect, test } from "bun:test";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import { PinnedTarget } from "../../../../src/engine/round/pinned_target.ts";
import { RoundRecord } from "../../../../src/engine/round/round_record.ts";
import { AddressSpace } from "../../../tools/fixtures/address_space.ts";

test("a round works on one of two processes that have one address space", async () => {
  await using target = await AddressSpace.start("shared", 1);
  const pinned = new PinnedTarget({ type: "pid", pid: target.pid }, "project p: task t");
  for (let number = 1; number <= 2; number++) {
    const record = new RoundRecord(number);
    const found = await pinned.find(
      (query) => engineContext.sweep.find(query),
      record,
      (pid, error) => record.fail(error, pid),
    );
    expect(found.map(({ pid }) => pid)).toEqual([target.pid]);
    expect(record.status.processes).toBe(2);
    expect(record.status.skipped).toEqual([
      { reason: "has the address space of another process", processes: 1, pids: [target.other] },
    ]);
  }
});
