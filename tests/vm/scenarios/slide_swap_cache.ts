import { closeSync, openSync, readSync } from "node:fs";
import type { Target } from "../../tools/fixtures/target.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { PAGE_BYTES } from "../guest/address_space.ts";
import {
  abiStats,
  meminfo,
  resetAbiStats,
  setKernelSwap,
  swapOnLoop,
  takeOverSwapCache,
} from "../guest/machine.ts";
import { Server } from "../guest/server.ts";
import { demand, note } from "../guest/demand.ts";
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

const SIZE = 128 * MIB;
const LOW_PERCENT = 1;
const HIGH_PERCENT = 2;
/** Where the test sets the high mark to see whether the server sets it once more. */
const OTHER_HIGH_PERCENT = 3;
const RECLAIM_SWAPCACHE_ON = 0x40047701;
function swapCachedPercent(): number {
  return (meminfo("SwapCached") / meminfo("MemTotal")) * 100;
}

/**
 * Has all pages read in through /proc/PID/mem:
 * while swap is not half full they stay in the swap cache.
 */
function fillSwapCache(target: Target): void {
  const [area] = target.processes();
  demand(area !== undefined, "the target has no area");
  const fd = openSync(`/proc/${area.pid}/mem`, "r");
  const into = new Uint8Array(MIB);
  for (let offset = 0; offset < area.sizeBytes; offset += into.length) {
    readSync(fd, into, 0, into.length, area.start + offset);
  }
  closeSync(fd);
}

/**
 * Fills the swap cache anew while the server stands still,
 * and puts other marks where it set its own.
 */
async function fillBehindTheBack(server: Server, target: Target): Promise<void> {
  const [area] = target.processes();
  demand(area !== undefined, "the target has no area");
  await waitFor("the target to be in swap", () => {
    return swappedPages(target, area).cold >= (SIZE / PAGE_BYTES) * 0.99;
  });
  takeOverSwapCache(LOW_PERCENT, OTHER_HIGH_PERCENT);
  process.kill(server.pid, "SIGSTOP");
  resetAbiStats();
  fillSwapCache(target);
  const filled = swapCachedPercent();
  note({ swapCachedPercent: filled });
  demand(filled > OTHER_HIGH_PERCENT, `the swap cache holds only ${filled} %: no fair trial`);
  process.kill(server.pid, "SIGCONT");
}

/** Waits for reclaim to be switched on, and demands that it works and that these are the marks. */
async function demandReclaim(server: Server, ioctls: number, highPercent: number): Promise<void> {
  await waitFor("reclaim of the swap cache", () => abiStats()("swap_ioctls") >= ioctls, {
    seconds: 120,
  });
  const { rounds } = (await server.task(TASK)).total;
  await server.untilRounds(TASK, rounds + 2);
  const stats = abiStats();
  demand(stats("swap_last_cmd") === RECLAIM_SWAPCACHE_ON, "the last ioctl was not ON");
  demand(stats("swapcache_on") === 1, "reclaim is not on");
  const [low, high] = [stats("swapcache_low"), stats("swapcache_high")];
  demand(low === LOW_PERCENT && high === highPercent, `the marks are ${low} and ${high}`);
  demand(swapCachedPercent() <= highPercent, `${swapCachedPercent()} % are in the swap cache`);
}

/**
 * Above the high mark the marks are set, once, and reclaim is switched on, each time: after the
 * first round, since what was written to a real device stays in the swap cache,
 * and when it is filled again.
 */
const marks: Scenario = {
  name: "slide_swap_cache_marks",
  deadlineSeconds: 300,
  async run() {
    swapOnLoop(512);
    setKernelSwap(false);
    using target = await startTarget({ sizeBytes: SIZE });
    const server = await Server.start();
    const project = {
      loop: 1,
      swapcache_low_wmark: LOW_PERCENT,
      swapcache_high_wmark: HIGH_PERCENT,
    };
    await server.add(slideConfig(target.pid, { project }));
    resetAbiStats();
    await startProject(server);
    await demandReclaim(server, 2, HIGH_PERCENT);
    await fillBehindTheBack(server, target);
    await demandReclaim(server, 1, OTHER_HIGH_PERCENT);
    await stopProject(server);
    demand(abiStats()("swapcache_on") === 0, "reclaim goes on after the project was stopped");
    demand(await target.verify() === 0, "the contents of pages are wrong");
  },
};

export const slideSwapCache: readonly Scenario[] = [marks];
