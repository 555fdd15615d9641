import { expect, test } from "bun:test";
import { memoryOf, NodeRoom } from "../../../../src/engine/cslide/free_memory.ts";
import { POOL } from "../../../../src/engine/cslide/memory_pools.ts";
import { readNodes } from "../../../../src/procfs/nodes.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";

test("memoryOf() and NodeRoom tell memory and hugetlb pages of a node apart", () => {
  for (const { id } of readNodes().filter((node) => node.hasMemory)) {
    const { totalBytes, usedBytes } = memoryOf(id, POOL.memory);
    expect(usedBytes).toBeWithin(1, totalBytes);
    const room = new NodeRoom(id);
    // The kernel keeps something of each node for itself.
    expect(room.bytes(POOL.memory)).toBeLessThan(totalBytes);
    const pool = memoryOf(id, POOL.hugetlb);
    expect(pool.usedBytes).toBeWithin(0, pool.totalBytes + 1);
    expect(room.bytes(POOL.hugetlb)).toBeWithin(0, pool.totalBytes - pool.usedBytes + 1);
  }
});

test("a node that is not there has nothing", () => {
  const none = 1000;
  for (const pool of [POOL.memory, POOL.hugetlb]) {
    expect(memoryOf(none, pool)).toEqual({ totalBytes: 0, usedBytes: 0 });
    expect(new NodeRoom(none).bytes(pool)).toBe(0);
  }
});

test("NodeRoom finds what has just come free, but nothing below the low watermark", async () => {
  const node = readNodes().find(({ hasMemory }) => hasMemory);
  const room = new NodeRoom(node?.id ?? 0);
  const hugetlb = room.bytes(POOL.hugetlb);
  await waitFor("a moment at which nobody takes memory", () => {
    const before = room.bytes(POOL.memory);
    room.noteFreed(POOL.memory, 2 ** 60);
    const after = room.bytes(POOL.memory);
    room.noteFreed(POOL.memory, -(2 ** 61));
    expect(after).toBeLessThan(memoryOf(node?.id ?? 0, POOL.memory).totalBytes);
    return after >= before - 64 * 2 ** 20;
  });
  room.noteFreed(POOL.hugetlb, 2 ** 60);
  expect(room.bytes(POOL.hugetlb)).toBe(hugetlb);
});
