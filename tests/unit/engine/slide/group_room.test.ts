import { afterEach, expect, test } from "bun:test";
import { cpus } from "node:os";
import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE } from "../../../../ffi/libc.ts";
import { GroupRoom } from "../../../../src/engine/slide/group_room.ts";
import { newBatch, type PageBatch } from "../../../../src/mover/mover.ts";
import { because } from "../../../../src/reason/reasons.ts";
import { FakeSysfs } from "../../procfs/fake_nodes.ts";

/** Base pages that the kernel may have charged ahead (MEMCG_CHARGE_BATCH on each CPU). */
const AHEAD = 64 * cpus().length;

let own = new DisposableStack();
afterEach(() => {
  own.dispose();
  own = new DisposableStack();
});

const pages = (count: number): string => `${(count + AHEAD) * PAGE_SIZE}\n`;

/** A process in the group `a/b`, each with these files. */
function processIn(files: Readonly<Record<string, string>>): { tree: FakeSysfs; dirFd: number } {
  const tree = own.use(new FakeSysfs({ "proc/cgroup": "0::/a/b\n", ...files }));
  const dirFd = openAt(AT_FDCWD, `${tree.root}/proc`, O_RDONLY);
  own.defer(() => close(dirFd));
  return { tree, dirFd };
}

function newWord(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** Fills a batch with units of a size. @returns how many base pages are in it. */
function fill(room: GroupRoom, most: number, unit = 1): number {
  const batch: PageBatch = newBatch(4096);
  room.fill(batch, most, (allowed) => {
    do {
      batch.size[batch.count++] = unit;
      batch.pages += unit;
    } while (batch.pages + unit <= allowed);
  });
  expect(batch.pages).toBe(batch.count * unit);
  return batch.pages;
}

test("GroupRoom lets everything go where nothing limits", () => {
  const { tree, dirFd } = processIn({ "a/b/memory.current": pages(10), "a/b/memory.low": "0\n" });
  using room = new GroupRoom(dirFd, { underway: newWord() }, tree.root);
  expect(room.refresh()).toBeUndefined();
  expect(fill(room, 64)).toBe(64);
  expect(room.whyNone).toBeUndefined();
});

test.each(["memory.low", "memory.min"])("GroupRoom keeps what %s protects", (limit) => {
  const { tree, dirFd } = processIn({
    "a/b/memory.current": pages(150),
    [`a/b/${limit}`]: `${100 * PAGE_SIZE}\n`,
  });
  using room = new GroupRoom(dirFd, { underway: newWord() }, tree.root);
  expect(room.refresh()).toBeUndefined();
  expect(fill(room, 32)).toBe(32);
  tree.write("a/b/memory.current", pages(118));
  expect(fill(room, 32)).toBe(18);
  expect(room.whyNone).toBeUndefined();
  tree.write("a/b/memory.current", pages(100));
  expect(fill(room, 32)).toBe(0);
  expect(room.whyNone).toBe(because("group_protected", limit));
});

test("GroupRoom keeps what a group above protects, and a group that is protected as a whole", () => {
  const { tree, dirFd } = processIn({
    "a/b/memory.current": pages(500),
    "a/memory.current": pages(207),
    "a/memory.min": `${200 * PAGE_SIZE}\n`,
  });
  using room = new GroupRoom(dirFd, { underway: newWord() }, tree.root);
  room.refresh();
  expect(fill(room, 64)).toBe(7);
  tree.write("a/b/memory.low", "max\n");
  expect(fill(room, 64)).toBe(0);
  expect(room.whyNone).toBe(because("group_protected", "memory.low"));
});

test("GroupRoom does not let a huge page go that is more than may go", () => {
  const { tree, dirFd } = processIn({
    "a/b/memory.current": pages(700),
    "a/b/memory.low": `${100 * PAGE_SIZE}\n`,
  });
  using room = new GroupRoom(dirFd, { underway: newWord() }, tree.root);
  room.refresh();
  expect(fill(room, 64, 512)).toBe(512);
  tree.write("a/b/memory.current", pages(188));
  expect(fill(room, 64, 512)).toBe(0);
  expect(room.whyNone).toBe(because("group_protected", "memory.low"));
});

test("two GroupRooms of a task never let more go together than may go", () => {
  const { tree, dirFd } = processIn({
    "a/b/memory.current": pages(150),
    "a/b/memory.low": `${100 * PAGE_SIZE}\n`,
  });
  const word = newWord();
  using one = new GroupRoom(dirFd, { underway: word }, tree.root);
  one.refresh();
  expect(fill(one, 32)).toBe(32);
  {
    using other = new GroupRoom(dirFd, { underway: word }, tree.root);
    other.refresh();
    // What the first has announced may be gone at any time.
    expect(fill(other, 32)).toBe(18);
    expect(fill(one, 32)).toBe(32);
    tree.write("a/b/memory.current", pages(118));
    expect(fill(one, 32)).toBe(0);
  }
  // The other is done.
  expect(fill(one, 32)).toBe(18);
  one[Symbol.dispose]();
  expect(word[0]).toBe(0);
});

test("without a word to share GroupRoom protects nothing, and knows the room in swap", () => {
  const { tree, dirFd } = processIn({
    "a/b/memory.current": pages(0),
    "a/b/memory.low": "max\n",
    "a/b/memory.swap.max": `${40 * PAGE_SIZE}\n`,
    "a/b/memory.swap.current": "0\n",
  });
  using room = new GroupRoom(dirFd, {}, tree.root);
  expect(room.refresh()).toBeUndefined();
  expect(fill(room, 30)).toBe(30);
  expect(fill(room, 30)).toBe(10);
  expect(fill(room, 30)).toBe(0);
  expect(room.whyNone).toBe(because("group_swap_full", "memory.swap.max"));
  using dry = new GroupRoom(dirFd, { underway: newWord(), isDryRun: true }, tree.root);
  expect(dry.refresh()).toBeUndefined();
  expect([fill(dry, 64), fill(dry, 64)]).toEqual([64, 64]);
});
