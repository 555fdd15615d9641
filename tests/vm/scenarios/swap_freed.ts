import { writeFileSync } from "node:fs";
import { growthOf, readSwapStores } from "../../../src/procfs/swap_stores.ts";
import type { Target } from "../../tools/fixtures/target.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { PAGE_BYTES } from "../guest/address_space.ts";
import { demand, note } from "../guest/demand.ts";
import { meminfo, processMemory, swapOff, swapOnLoop, swapOnZram } from "../guest/machine.ts";
import { Server } from "../guest/server.ts";
import {
  MIB,
  slideConfig,
  startProject,
  startTarget,
  stopProject,
  swappedPages,
  TASK,
} from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

const SIZE = 96 * MIB;
/** zbud, the allocator of zswap in 6.1, stores two pages in one where both are small enough. */
const NOISE = 4;

/** Swap spaces, and how they are made. */
const SPACES: readonly (readonly [name: string, make: () => void])[] = [
  ["zram", () => swapOnZram(256)],
  ["zswap", () => {
    writeFileSync("/sys/module/zswap/parameters/enabled", "Y");
    swapOnLoop(256);
  }],
  ["a disk", () => swapOnLoop(256)],
  // The one that is made first has the higher priority.
  ["zram and a disk", () => {
    swapOnZram(64);
    swapOnLoop(256);
  }],
];

function takeSwapAway(): void {
  swapOff();
  writeFileSync("/sys/module/zswap/parameters/enabled", "N");
  writeFileSync("/sys/block/zram0/reset", "1");
}

/**
 * Memory that is free or can be had at once, without what the server and this driver themselves
 * take. Copies of what
 * was written to a disk stay in the swap cache until somebody needs the memory. MemAvailable leaves
 * out the swap cache, and half of a small page cache.
 */
function availableBytes(server: Server): number {
  const atOnce = ["MemFree", "Buffers", "Cached", "SReclaimable", "SwapCached"].map(meminfo);
  const own = [server.pid, process.pid].map((pid) => processMemory(pid, "RssAnon"));
  return [...atOnce, ...own].reduce((sum, bytes) => sum + bytes, 0);
}

function inSwapBytes(target: Target): number {
  return target.processes().reduce((sum, one) => {
    const { cold, hot } = swappedPages(target, one);
    return sum + (cold + hot) * PAGE_BYTES;
  }, 0);
}

function near(what: string, found: number, expected: number, whole: number): void {
  note({ what, found, expected });
  demand(
    Math.abs(found - expected) < whole * 0.05,
    `${what}: ${found} bytes are not ${expected} within 5 % of ${whole}`,
  );
}

/** Moves a target on a swap space, compares what that freed, and brings it back. */
async function moveAndRestore(name: string, server: Server): Promise<void> {
  using target = await startTarget({ sizeBytes: SIZE, noise: NOISE });
  const available = availableBytes(server);
  const stores = readSwapStores();
  const config = slideConfig(target.pid, { project: { loop: 1 } });
  await server.add(config);
  await startProject(server);
  await waitFor("all to move", () => inSwapBytes(target) >= SIZE * 0.98, { seconds: 200 });
  await stopProject(server);
  const { total: { moved_bytes: moved, freed_bytes: freed } } = await server.task(TASK);
  const { storeBytes } = growthOf(stores, readSwapStores());
  near(`${name}: freed by the stores`, freed, moved - storeBytes, moved);
  near(`${name}: freed by meminfo`, freed, availableBytes(server) - available, moved);
  await server.etmem("project", "restore", "-n", "vm");
  const left = inSwapBytes(target);
  demand(left <= SIZE * 0.01, `${left} bytes are still in swap after a restore`);
  const bad = await target.verify();
  demand(bad === 0, `the contents of ${bad} pages are wrong`);
  await server.remove(config);
}

/** What moves frees what status says, on each kind of swap space, and comes back whole. */
export const swapFreed: Scenario = {
  name: "swap_freed",
  deadlineSeconds: 900,
  async run() {
    const server = await Server.start();
    for (const [name, make] of SPACES) {
      make();
      await moveAndRestore(name, server);
      takeSwapAway();
    }
  },
};

/** Data that cannot be compressed: moving stops within the round, and takes no more than it did. */
export const swapFreesNothing: Scenario = {
  name: "swap_frees_nothing",
  deadlineSeconds: 300,
  async run() {
    swapOnZram(256);
    using target = await startTarget({ sizeBytes: SIZE, noise: 1 });
    const server = await Server.start();
    const available = availableBytes(server);
    await server.add(slideConfig(target.pid, { project: { loop: 1 } }));
    await startProject(server);
    const round = await waitFor("a round that is left out", async () => {
      const { rounds } = await server.task(TASK);
      return rounds.find(({ skipped }) =>
        skipped.some(({ reason }) => reason.startsWith("paused for"))
      );
    });
    demand(round.moved_bytes === 0, `${round.moved_bytes} bytes moved in a pause`);
    const { total: { moved_bytes: moved } } = await server.task(TASK);
    note({ moved });
    demand(moved < SIZE / 2, `${moved} bytes moved although that frees nothing`);
    const lost = available - availableBytes(server);
    demand(lost < moved * 0.05 + 2 * MIB, `${lost} bytes less are available than before`);
  },
};
