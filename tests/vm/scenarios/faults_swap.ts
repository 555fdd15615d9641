import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { bytesFor, demandAccounts } from "../guest/account.ts";
import { PAGE_BYTES } from "../guest/address_space.ts";
import { demand, note } from "../guest/demand.ts";
import {
  meminfo,
  processMemory,
  setKernelSwap,
  swapOff,
  swapOnLoop,
  swapOnZram,
} from "../guest/machine.ts";
import { Server } from "../guest/server.ts";
import {
  MIB,
  slideConfig,
  startProject,
  startTarget,
  swappedPages,
  TASK,
} from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

const SIZE = 96 * MIB;
const SMALL_MIB = 32;

/**
 * Swap fills up in the middle of a move, is taken away in the middle of another and between rounds,
 * and comes back.
 */
export const faultsSwap: Scenario = {
  name: "faults_swap",
  deadlineSeconds: 400,
  async run() {
    swapOnZram(SMALL_MIB);
    setKernelSwap(false);
    using target = await startTarget({ sizeBytes: SIZE });
    using other = await startTarget({ sizeBytes: 16 * MIB });
    const server = await Server.start();
    await server.add(slideConfig(target.pid, { project: { loop: 1 } }));
    // By pagemap: VmSwap may lag by 64 pages for each thread (SPLIT_RSS_COUNTING).
    const inSwap = (): number =>
      target.processes().reduce((sum, one) => {
        const { cold, hot } = swappedPages(target, one);
        return sum + (cold + hot) * PAGE_BYTES;
      }, 0);
    const newest = async (): Promise<number> => (await server.task(TASK)).rounds[0]?.number ?? 0;
    const check = async (): Promise<void> => {
      demandAccounts(await server.task(TASK));
      const bad = await target.verify();
      demand(bad === 0, `the contents of ${bad} pages are wrong`);
    };
    await startProject(server);

    const full = await server.untilRounds(TASK, 1);
    const round = full.rounds.find(({ number }) => number === 1);
    note({ ...round });
    demand(round !== undefined, "there is no first round");
    const held = bytesFor(round.spared, /^swap space is nearly full$/) +
      bytesFor(round.refused, /^kept by the kernel$/);
    demand(held >= SIZE - SMALL_MIB * MIB, `only ${held} bytes stayed for want of swap space`);
    demand(bytesFor(round.spared, /^swap space is nearly full$/) > 0, "the reason is not told");
    demand(round.moved_bytes >= SMALL_MIB * MIB * 0.9, `only ${round.moved_bytes} bytes moved`);
    demand(inSwap() >= round.moved_bytes * 0.99, `${inSwap()} bytes are in swap`);
    await check();

    swapOnLoop(256);
    await waitFor("the middle of a move", () => inSwap() > SIZE / 2);
    swapOff();
    demand(meminfo("SwapTotal") === 0, "there is swap space");
    demand(inSwap() === 0, `${inSwap()} bytes are in a swap space that is gone`);
    const without = await server.untilRounds(TASK, await newest() + 2);
    const last = without.rounds.find(({ state }) => state === "done");
    demand(last !== undefined, "there is no round without swap");
    note({ ...last });
    demand(last.asked_bytes === 0, `${last.asked_bytes} bytes were asked for without swap`);
    demand(
      bytesFor(last.spared, /^there is no swap space now$/) === last.cold_bytes &&
        last.cold_bytes > 0,
      "it does not say that there is no swap space",
    );
    await check();

    swapOnLoop(256);
    await waitFor("memory to go again", () => inSwap() >= SIZE * 0.999);
    await server.untilRounds(TASK, await newest() + 1);
    swapOff();
    await server.untilRounds(TASK, await newest() + 1);
    const { total } = await server.task(TASK);
    demand(total.came_back_bytes >= SIZE * 0.999, `only ${total.came_back_bytes} bytes came back`);
    await check();

    const { swap } = await server.status();
    demand(swap.kernel_swap_enable === false, "the status says that the kernel swaps by itself");
    demand(processMemory(other.pid, "VmSwap") === 0, "a process of no task was swapped out");
  },
};
