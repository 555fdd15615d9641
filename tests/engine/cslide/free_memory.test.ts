import { expect, test } from "bun:test";
import { freeBytesOf, roomOf, totalBytesOf } from "../../../src/engine/cslide/free_memory.ts";
import { POOL } from "../../../src/engine/cslide/plan_round.ts";
import { readNodes } from "../../../src/procfs/nodes.ts";

test("freeBytesOf(), roomOf() and totalBytesOf() tell memory and hugetlb pages of a node apart", () => {
  for (const { id } of readNodes().filter((node) => node.hasMemory)) {
    const total = totalBytesOf(id, POOL.memory);
    expect(freeBytesOf(id, POOL.memory)).toBeWithin(1, total);
    // The kernel keeps something of each node for itself.
    expect(roomOf(id, POOL.memory)).toBeWithin(0, total);
    const pool = totalBytesOf(id, POOL.hugetlb);
    expect(freeBytesOf(id, POOL.hugetlb)).toBeWithin(0, pool + 1);
    expect(roomOf(id, POOL.hugetlb)).toBeWithin(0, pool + 1);
  }
  const none = 1000;
  expect([POOL.memory, POOL.hugetlb].map((pool) => totalBytesOf(none, pool))).toEqual([0, 0]);
});
