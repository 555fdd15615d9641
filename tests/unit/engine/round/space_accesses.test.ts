import { expect, test } from "bun:test";
import type { SeenAccesses } from "../../../../src/engine/round/scan_step.ts";
import { fromOthers } from "../../../../src/engine/round/seen_pages.ts";
import { SpaceAccesses, type Watcher } from "../../../../src/engine/round/space_accesses.ts";
import { MovedSet } from "../../../../src/mover/moved_set.ts";

const [a, b, c]: Watcher[] = ["a", "b", "c"].map((name) => ({
  task: { name },
  granularity: "page",
})) as [Watcher, Watcher, Watcher];
const byVma: Watcher = { task: { name: "vma" }, granularity: "vma" };

function setOf(pages: readonly number[]): MovedSet {
  const set = new MovedSet();
  for (const page of pages) set.add(page);
  return set;
}

/** What a step has seen: pages used, moved and read from swap. */
function seen(
  windowStartMs: number,
  used: readonly number[],
  moved: readonly number[] = [],
  read: readonly number[] = [],
): SeenAccesses {
  return {
    windowStartMs,
    used: setOf(used).toData(),
    moved: setOf(moved).toData(),
    read: setOf(read).toData(),
  };
}

test("SpaceAccesses gives each task what the others saw since it scanned last", () => {
  const accesses = new SpaceAccesses();
  accesses.follow("1", a);
  accesses.add("1", a, seen(5, [1]));
  expect(accesses.missed("1", a)).toEqual(
    { used: setOf([]).toData(), moved: setOf([]).toData(), read: setOf([]).toData() },
  );
  accesses.add("1", b, seen(10, [1, 9000], [2]));
  accesses.follow("1", b);
  accesses.add("1", c, seen(20, [3], [], [2]));
  accesses.add("2", c, seen(30, [4]));
  expect(accesses.missed("1", a)).toEqual(seen(20, [1, 3, 9000], [2], [2]));
  expect(accesses.missed("1", b)).toEqual(seen(20, [3], [], [2]));
  accesses.follow("1", a);
  expect(accesses.missed("1", a)?.windowStartMs).toBeUndefined();
});

test("SpaceAccesses does not know what a task missed whose others did not tell", () => {
  const accesses = new SpaceAccesses();
  expect(accesses.missed("1", a)).toBeUndefined();
  accesses.follow("1", a);
  accesses.follow("1", b);
  accesses.add("1", b, undefined);
  accesses.add("1", b, seen(10, [1]));
  expect(accesses.missed("1", a)).toBeUndefined();
  expect(accesses.missed("1", b)).toBeDefined();
  accesses.follow("1", a);
  expect(accesses.missed("1", a)).toBeDefined();
});

test("SpaceAccesses takes nothing of VMAs for what is known of pages", () => {
  const accesses = new SpaceAccesses();
  accesses.follow("1", a);
  accesses.follow("1", byVma);
  expect(accesses.isFollowed("1", a)).toBe(false);
  expect(accesses.isFollowed("1", b)).toBe(true);
  accesses.add("1", byVma, seen(10, [1]));
  expect(accesses.missed("1", a)).toBeUndefined();
  accesses.add("1", b, seen(10, [1]));
  expect(accesses.missed("1", byVma)).toBeUndefined();
});

test("SpaceAccesses hands out arrays that may be given away", () => {
  const accesses = new SpaceAccesses();
  accesses.follow("1", a);
  accesses.add("1", b, seen(10, [1]));
  structuredClone(0, { transfer: [accesses.missed("1", a)!.used.bits.buffer] });
  expect(accesses.missed("1", a)).toEqual(seen(10, [1]));
});

test("SpaceAccesses forgets what a task does not see any more", () => {
  const accesses = new SpaceAccesses();
  for (const watcher of [a, b]) for (const space of ["1", "2"]) accesses.follow(space, watcher);
  accesses.forgetAllBut(new Set(["2"]), a.task);
  accesses.forgetAllBut(new Set(), b.task);
  expect(["1", "2"].map((space) => accesses.isFollowed(space, c))).toEqual([false, true]);
  expect(accesses.size).toBe(1);
  accesses.forgetAllBut(new Set(), a.task);
  expect(accesses.size).toBe(0);
});

test("what others have seen becomes counts of the pages that they found used, and no others", () => {
  const pages = [4095, 4096, 9000, 20_000];
  const { used, moved, seenMs } = fromOthers(seen(7, pages, [5]), false)!;
  const found: number[] = [];
  used.walk({ segment: 0, index: 0 }, 1, 127, (page, size) => {
    for (let i = page; i < page + size; i++) found.push(i);
    return true;
  });
  expect(found).toEqual(pages);
  expect([...moved]).toEqual([5]);
  expect(seenMs).toBe(7);
  expect([...fromOthers(seen(7, pages, [5]), true)!.moved]).toEqual([]);
});
