import { describe, expect, test } from "bun:test";
import { SystemCallError } from "../../../ffi/errno.ts";
import { addressOf, PAGE_SIZE } from "../../../ffi/libc.ts";
import {
  MovePagesBatch,
  MPOL_MF_MOVE,
  MPOL_MF_MOVE_ALL,
  PAGE_STATUS,
} from "../../../ffi/move_pages.ts";
import { readNodes } from "../../../src/procfs/nodes.ts";

/** Pages of this process that are present, by address; they live as long as `memory`. */
function presentPages(count: number): { memory: Uint8Array; pages: number[] } {
  const memory = new Uint8Array((count + 1) * PAGE_SIZE).fill(1);
  const first = Math.ceil(addressOf(memory) / PAGE_SIZE) * PAGE_SIZE;
  return { memory, pages: Array.from({ length: count }, (_, i) => first + i * PAGE_SIZE) };
}

const nodes = readNodes().filter((node) => node.hasMemory).map((node) => node.id);
const errnoOf = (call: () => unknown): string | undefined => {
  try {
    call();
    return undefined;
  } catch (error) {
    return error instanceof SystemCallError ? error.code : String(error);
  }
};

describe("MovePagesBatch", () => {
  test("locate() tells the node of each page when it is present", () => {
    const { memory, pages } = presentPages(300);
    const batch = new MovePagesBatch(300);
    for (const page of pages) batch.push(page);
    batch.locate(process.pid);
    for (const status of batch.status) expect(nodes).toContain(status);
    expect(memory.at(-1)).toBe(1);
  });

  test("locate() tells absent from unmapped pages when there is nothing at an address", () => {
    const batch = new MovePagesBatch(2);
    batch.push(0);
    batch.push(0x7fff_ffff_0000);
    batch.locate(process.pid);
    // Older kernels say ENOENT for both, newer ones EFAULT where nothing is mapped.
    for (const status of batch.status) {
      expect([PAGE_STATUS.absent, PAGE_STATUS.unmapped] as number[]).toContain(status);
    }
  });

  test("locate() leaves the status of pages behind the last one alone when the batch is not full", () => {
    const { memory, pages } = presentPages(1);
    const batch = new MovePagesBatch(3);
    batch.status.fill(-99);
    batch.push(pages[0] ?? 0);
    batch.locate(process.pid);
    expect([...batch.status.subarray(1)]).toEqual([-99, -99]);
    expect(nodes).toContain(batch.status[0] ?? -1);
    expect(memory[0]).toBe(1);
  });

  test("moveTo() reports the node and keeps the content when the pages are there already", () => {
    const { memory, pages } = presentPages(8);
    const batch = new MovePagesBatch(8);
    for (const page of pages) batch.push(page);
    batch.locate(process.pid);
    const node = batch.status[0] ?? -1;
    for (const flags of [MPOL_MF_MOVE, MPOL_MF_MOVE_ALL]) {
      expect(batch.moveTo(process.pid, node, flags)).toBe(0);
      expect([...batch.status]).toEqual(pages.map(() => node));
    }
    expect(memory.every((byte) => byte === 1)).toBe(true);
  });

  test("moveTo() throws ENODEV when there is no such node, and no status is made up", () => {
    const { memory, pages } = presentPages(1);
    const batch = new MovePagesBatch(1);
    batch.push(pages[0] ?? 0);
    expect(errnoOf(() => batch.moveTo(process.pid, 1023, MPOL_MF_MOVE))).toBe("ENODEV");
    expect(batch.status[0]).toBe(PAGE_STATUS.unknown);
    expect(memory[0]).toBe(1);
  });

  test("locate() throws ESRCH when the process is gone", async () => {
    const child = Bun.spawn(["true"]);
    await child.exited;
    const batch = new MovePagesBatch(1);
    batch.push(PAGE_SIZE);
    expect(errnoOf(() => batch.locate(child.pid))).toBe("ESRCH");
  });

  test("clear() makes room again when the batch is full, push() refuses before", () => {
    const { memory, pages } = presentPages(1);
    const batch = new MovePagesBatch(1);
    batch.push(0x7f12_3456_7000);
    expect(() => batch.push(0x1000)).toThrow("Cannot add page 0x1000: the batch holds 1 pages");
    batch.clear();
    expect(batch.count).toBe(0);
    batch.locate(process.pid);
    batch.push(pages[0] ?? 0);
    batch.locate(process.pid);
    expect(nodes).toContain(batch.status[0] ?? -1);
    expect(memory[0]).toBe(1);
  });
});
