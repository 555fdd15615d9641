import { expect, test } from "bun:test";
import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE } from "../../../../ffi/libc.ts";
import { POOL } from "../../../../src/engine/cslide/memory_pools.ts";
import { movePair } from "../../../../src/engine/cslide/move_pair.ts";
import { StopFlag } from "../../../../src/engine/round/stop_flag.ts";
import { pageOf } from "../../../../src/procfs/pagemap.ts";
import { readProcessStat } from "../../../../src/procfs/process_stat.ts";
import { AddressSpace } from "../../../tools/fixtures/address_space.ts";

const SIZE_MIB = 8;
const PAGES = SIZE_MIB * 2 ** 20 / PAGE_SIZE;

/** Moves all memory from node 0 to node 0, where it is. @returns bytes by why they stay. */
async function moveAll(doesExec: boolean): Promise<Record<string, number>> {
  await using target = await AddressSpace.start("shared", SIZE_MIB);
  using own = new DisposableStack();
  own.defer(() => process.kill(target.other, "SIGKILL"));
  const { pid } = target;
  const dirFd = own.adopt(openAt(AT_FDCWD, `/proc/${pid}`, O_RDONLY), close);
  const pagemapFd = own.adopt(openAt(dirFd, "pagemap", O_RDONLY), close);
  const { memoryId } = readProcessStat(dirFd)!;
  const page = Float64Array.from({ length: PAGES }, (_, i) => pageOf(target.area.start) + i);
  if (doesExec) await target.tell("exec");
  const { moves: [moves] } = movePair({
    slow: 0,
    dram: 0,
    cpus: [0],
    steps: [{
      up: [],
      down: [{ process: 0, unitBytes: PAGE_SIZE, pool: POOL.memory, hot: false, page }],
    }],
    processes: [{ pid, dirFd, pagemapFd, memoryId, stop: new StopFlag().words }],
  });
  expect(moves?.errors).toEqual([]);
  return Object.fromEntries(moves?.refused ?? []);
}

test("movePair() asks for nothing of a program that was executed since the scan", async () => {
  expect(await moveAll(false)).toEqual({ "there already": PAGES * PAGE_SIZE });
  // Another process has the address space that was scanned, so that its pagemap goes on.
  expect(await moveAll(true)).toEqual({ "process gone": PAGES * PAGE_SIZE });
});
