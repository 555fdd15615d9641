import { expect, test } from "bun:test";
import { packMemory, unpackMemory } from "../../../../src/engine/round/packed_memory.ts";
import type { ProcessMemory } from "../../../../src/engine/round/scan_step.ts";
import { ProcessHistory } from "../../../../src/guard/process_history.ts";
import { MovedSet } from "../../../../src/mover/moved_set.ts";
import { PageCounts } from "../../../../src/tracker/page_counts.ts";
import { PAGE_TABLE } from "../../../../src/tracker/tracker_page_table.ts";
import { transferablesOf } from "../../../../src/worker/messages.ts";

/** What is kept of a process with so many moved pages in each of so many blocks of 16 MiB. */
function memoryOf(blocks: number): ProcessMemory {
  const moved = new MovedSet();
  for (let block = 0; block < blocks; block++) {
    for (let page = 0; page < 20; page++) moved.add(4096 * block + 3 * page, 1000 + page);
  }
  const history = new ProcessHistory(1000);
  history.add(new PageCounts(), 2000, 1000, (returned) => returned);
  return {
    memoryId: "1:2",
    tracker: PAGE_TABLE.create(undefined).memory(),
    history: history.toData(),
    scanReads: { majorFaults: 3 },
    moved: moved.toData(),
    reads: { majorFaults: 2 },
  };
}

const bytesOf = (message: object): number =>
  transferablesOf(message).reduce((sum, { byteLength }) => sum + byteLength, 0);

test("packMemory() makes one small array of what is kept of a small process", () => {
  const memory = memoryOf(2);
  const packed = packMemory(memory);
  expect(transferablesOf(packed)).toHaveLength(1);
  expect(bytesOf(packed)).toBeLessThan(bytesOf(memory) / 20);
  expect(packMemory(packed)).toBe(packed);
  // Handed to a thread and back, as the pool does.
  const handed = structuredClone(packed, { transfer: transferablesOf(packed) });
  expect(unpackMemory(handed)).toEqual(memory);
  expect(MovedSet.fromData(unpackMemory(handed).moved).has(4096 + 57)).toBe(true);
});

test("packMemory() leaves what is kept of a large process as it is", () => {
  const memory = memoryOf(8);
  expect(packMemory(memory)).toBe(memory);
  expect(unpackMemory(memory)).toBe(memory);
});
