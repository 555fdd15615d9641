import { describe, expect, test } from "bun:test";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { MovedTally, StoreCost } from "../../../src/mover/store_cost.ts";
import type { SwapStores } from "../../../src/procfs/swap_stores.ts";

/** A store that holds and takes so many pages. */
class FakeStore {
  storedPages = 1000;
  storePages = 300;
  readonly read = (): SwapStores =>
    new Map([["zram0", {
      storedBytes: this.storedPages * PAGE_SIZE,
      storeBytes: this.storePages * PAGE_SIZE,
    }]]);

  grow(storedPages: number, storePages: number): void {
    this.storedPages += storedPages;
    this.storePages += storePages;
  }
}

function move(cost: StoreCost, pages: number): void {
  for (let i = 0; i < pages; i++) cost.addPage();
}

const pagesOf = (cost: StoreCost): number => cost.bytes() / PAGE_SIZE;

describe("StoreCost", () => {
  test("is what the store grew by, as long as nobody else moves", () => {
    const store = new FakeStore();
    const cost = new StoreCost(new MovedTally(), store.read);
    cost.begin();
    expect(pagesOf(cost)).toBe(0);
    move(cost, 100);
    store.grow(100, 25);
    expect(pagesOf(cost)).toBe(25);
    cost.begin();
    move(cost, 100);
    store.grow(100, 15);
    expect(pagesOf(cost)).toBe(40);
  });

  test("is shared out by what the threads of the server moved", () => {
    const store = new FakeStore();
    const tally = new MovedTally();
    const [a, b] = [new StoreCost(tally, store.read), new StoreCost(tally, store.read)];
    a.begin();
    b.begin();
    move(a, 100);
    move(b, 300);
    b.tell();
    store.grow(400, 80);
    expect(pagesOf(a)).toBe(20);
    expect(pagesOf(b)).toBe(60);
  });

  test("leaves out what the kernel stored of its own accord", () => {
    const store = new FakeStore();
    const cost = new StoreCost(new MovedTally(), store.read);
    cost.begin();
    move(cost, 100);
    store.grow(500, 50);
    expect(pagesOf(cost)).toBe(10);
  });

  test("is nothing where the pages go to a disk, or where the store gave DRAM back", () => {
    const store = new FakeStore();
    const cost = new StoreCost(new MovedTally(), store.read);
    cost.begin();
    move(cost, 100);
    expect(pagesOf(cost)).toBe(0);
    store.grow(-50, -20);
    expect(pagesOf(cost)).toBe(0);
  });

  test("outlasts an overflow of the tally", () => {
    const store = new FakeStore();
    const tally = new MovedTally(Int32Array.of(-3));
    const cost = new StoreCost(tally, store.read);
    cost.begin();
    move(cost, 10);
    store.grow(10, 10);
    expect(pagesOf(cost)).toBe(10);
    tally.words[0] = 2 ** 31 - 1;
    const next = new StoreCost(tally, store.read);
    next.begin();
    move(next, 10);
    tally.add(30);
    store.grow(40, 40);
    expect(pagesOf(next)).toBe(10);
  });
});
