import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE } from "../../../../ffi/libc.ts";
import { movePair } from "../../../../src/engine/cslide/move_pair.ts";
import { StopFlag } from "../../../../src/engine/round/stop_flag.ts";
import { readProcessStat } from "../../../../src/procfs/process_stat.ts";
import { POOL } from "../../../../src/engine/cslide/memory_pools.ts";

// Runs under fault_injector.c: moves the pages of a process from node 0 to node 0, where they are,
// in three batches, and prints what movePair() says of it. Arguments: pid, first page, pages.

const [pid = 0, first = 0, pages = 0] = process.argv.slice(2).map(Number);
const dirFd = openAt(AT_FDCWD, `/proc/${pid}`, O_RDONLY);
const pagemapFd = openAt(dirFd, "pagemap", O_RDONLY);
const { memoryId } = readProcessStat(dirFd)!;
const { moves } = movePair({
  slow: 0,
  dram: 0,
  cpus: [0],
  steps: [{
    up: [],
    down: [{
      process: 0,
      unitBytes: PAGE_SIZE,
      pool: POOL.memory,
      hot: false,
      page: Float64Array.from({ length: pages }, (_, i) => first + i),
    }],
  }],
  processes: [{ pid, dirFd, pagemapFd, memoryId, stop: new StopFlag().words }],
});
close(pagemapFd);
close(dirFd);
const [account] = moves;
if (account === undefined) throw new Error("there is no account");
console.log(JSON.stringify({ ...account, refused: [...account.refused] }));
