import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PAGE_SIZE } from "../../../../ffi/libc.ts";
import type { ProcessMoves } from "../../../../src/engine/cslide/move_pair.ts";
import { type Fault, FaultInjector } from "../../../tools/fixtures/fault_injector.ts";
import { ScratchFolder } from "../../../tools/fixtures/scratch_folder.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";

const CALLS = ["read", "pread64", "move_pages", "sched_setaffinity"];
/** Units of a batch of move_pair.ts: 4096, but no more than 16 MiB. */
const BATCH = Math.min(4096, 16 * 2 ** 20 / PAGE_SIZE);
const PAGES = 3 * BATCH;

const folder = new ScratchFolder();
let target: TargetProcess;

beforeAll(async () => {
  target = await TargetProcess.start({ hot: "none", sizeBytes: PAGES * PAGE_SIZE });
});
afterAll(() => {
  target[Symbol.dispose]();
  folder[Symbol.dispose]();
});

/** Moves the target's pages while something fails. @returns the account, in pages. */
function moveWith(...faults: Fault[]): {
  asked: number;
  moved: number;
  refused: Record<string, number>;
  errors: readonly string[];
} {
  const injector = new FaultInjector(folder.path, CALLS);
  injector.set(...faults);
  const { stdout, stderr, exitCode } = Bun.spawnSync([
    ...injector.wrapper,
    process.execPath,
    join(import.meta.dir, "faulty_move.ts"),
    String(target.pid),
    String(target.area.start / PAGE_SIZE),
    String(PAGES),
  ]);
  if (exitCode !== 0) throw new Error(`status ${exitCode}: ${stderr.toString()}`);
  const account = JSON.parse(stdout.toString()) as Omit<ProcessMoves, "refused"> & {
    readonly refused: readonly (readonly [string, number])[];
  };
  const settled = new Map(account.refused.map(([reason, bytes]) => [reason, bytes / PAGE_SIZE]));
  // The pages are on the node: what would have moved was there already.
  const moved = settled.get("there already") ?? 0;
  expect(account.downCold).toBe(0);
  settled.delete("there already");
  const refused = [...settled];
  const asked = account.asked / PAGE_SIZE;
  expect(asked).toBe(moved + refused.reduce((sum, [, pages]) => sum + pages, 0));
  return { asked, moved, refused: Object.fromEntries(refused), errors: account.errors };
}

const missing = existsSync("/sys/devices/system/node/node0")
  ? FaultInjector.missing()
  : "there is no NUMA";
if (missing !== undefined) console.log(`movePair(): left out: ${missing}`);

describe.skipIf(missing !== undefined)("movePair()", () => {
  test("moves all when nothing fails", () => {
    expect(moveWith()).toEqual({ asked: PAGES, moved: PAGES, refused: {}, errors: [] });
  });

  test("goes on when the thread may not be kept near the memory", () => {
    const account = moveWith("sched_setaffinity * EPERM");
    expect(account).toEqual({ asked: PAGES, moved: PAGES, refused: {}, errors: [] });
  });

  test("keeps the account of what has moved when the thread cannot be put back", () => {
    const account = moveWith("sched_setaffinity * EINVAL 1");
    expect(account).toEqual({ asked: PAGES, moved: PAGES, refused: {}, errors: [] });
  });

  test("keeps the account of what has moved when a node can no longer be read", () => {
    const reason = 'read "/sys/devices/system/node/node0/meminfo": EIO';
    // Of each read of the file the second finds its end. It is read for both nodes ahead of the
    // first batch, and once for each batch: the second begins with the seventh.
    expect(moveWith("read */node0/meminfo EIO 6")).toEqual({
      asked: PAGES,
      moved: BATCH,
      refused: { [reason]: PAGES - BATCH },
      errors: [reason],
    });
  });

  test("leaves out the batch before which pagemap cannot be read", () => {
    expect(moveWith("pread64 */pagemap EIO 1 1")).toEqual({
      asked: PAGES,
      moved: PAGES - BATCH,
      refused: { 'pread "pagemap": EIO': BATCH },
      errors: ['pread "pagemap": EIO'],
    });
  });

  test("looks where the pages are when the kernel gives up on a batch, and goes on", () => {
    // Three calls a batch: one looks, one moves, one looks again. The pages were on the node all
    // along.
    expect(moveWith("move_pages * EIO 4 1")).toEqual({
      asked: PAGES,
      moved: PAGES,
      refused: {},
      errors: ["move_pages: EIO"],
    });
  });

  test("does not call moved what it cannot look at", () => {
    expect(moveWith("move_pages * EIO 5 1")).toEqual({
      asked: PAGES,
      moved: PAGES - BATCH,
      refused: { "move_pages: EIO": BATCH },
      errors: ["move_pages: EIO"],
    });
  });
});
