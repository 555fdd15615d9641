import { describe, expect, test } from "bun:test";
import { StuckPages } from "../../../../src/engine/cslide/stuck_pages.ts";

/** The rounds of 1 to `rounds` in which a page is tried that the kernel never lets go. */
function tries(rounds: number): number[] {
  const stuck = new StuckPages();
  return Array.from({ length: rounds }, (_, i) => i + 1).filter((round) => {
    if (stuck.takeHeld(round).includes(7)) return false;
    stuck.add([7], round);
    return true;
  });
}

describe("StuckPages", () => {
  test("takeHeld() holds a page back for longer each time it was kept, and for 64 rounds at most", () => {
    expect(tries(300)).toEqual([1, 3, 6, 11, 20, 37, 70, 135, 200, 265]);
  });

  test("takeHeld() forgets a page that was let go when its turn came", () => {
    const stuck = new StuckPages();
    stuck.add([9, 3], 1);
    expect(Array.from(stuck.takeHeld(2))).toEqual([3, 9]);
    expect(Array.from(stuck.takeHeld(3))).toEqual([]);
    stuck.add([3], 3);
    expect(Array.from(stuck.takeHeld(4))).toEqual([3]);
    expect(Array.from(stuck.takeHeld(5))).toEqual([3]);
    expect(Array.from(stuck.takeHeld(6))).toEqual([]);
    // 9 was due in round 3 and is new again
    stuck.add([9], 6);
    expect(Array.from(stuck.takeHeld(8))).toEqual([]);
  });

  test("add() remembers no more than 65536 pages", () => {
    const stuck = new StuckPages();
    stuck.add(Array.from({ length: 70_000 }, (_, i) => i), 1);
    expect(stuck.takeHeld(2)).toHaveLength(65_536);
  });

  test("add() holds those it remembers back for longer also when there are too many", () => {
    const stuck = new StuckPages();
    const pages = Array.from({ length: 70_000 }, (_, i) => i);
    stuck.add(pages, 1);
    expect(Array.from(stuck.takeHeld(3))).toEqual([]);
    stuck.add(pages.toReversed(), 3);
    expect(stuck.takeHeld(4)).toHaveLength(65_536);
    expect(stuck.takeHeld(5)).toHaveLength(65_536);
  });
});
