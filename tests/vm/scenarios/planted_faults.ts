import { PAGE_BYTES, swapOut } from "../guest/address_space.ts";
import { faultsOf } from "../guest/judgement.ts";
import { abiStats, setKernelSwap, swapOnZram } from "../guest/machine.ts";
import { demand } from "../guest/demand.ts";
import { isHot, lookAfter, lookBefore, MIB, startTarget } from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

/**
 * Swaps pages of a fresh target out by hand and returns what the judgement of a round says of it.
 */
async function judge(choose: (hot: boolean, page: number) => boolean): Promise<string[]> {
  using target = await startTarget({ sizeBytes: 64 * MIB, hot: "every:2" });
  const [area] = target.processes();
  demand(area !== undefined, "the target has no area");
  const before = lookBefore(target);
  const addresses = Array.from({ length: area.sizeBytes / PAGE_BYTES }, (_, page) => page)
    .filter((page) => choose(isHot(target.options, page), page))
    .map((page) => area.start + page * PAGE_BYTES);
  swapOut(area.pid, addresses);
  const { cycles } = target.processes()[0] ?? area;
  while ((target.processes()[0]?.cycles ?? 0) < cycles + 2) await Bun.sleep(20);
  const askedBytes = abiStats()("swap_addrs") * PAGE_BYTES;
  return faultsOf(await lookAfter(target, before, { askedBytes, mover: "swap_pages" }));
}

function demandFault(faults: readonly string[], fault: RegExp): void {
  demand(
    faults.some((one) => fault.test(one)),
    `a planted fault was not seen (${fault.source}): ${faults.join("; ") || "no fault at all"}`,
  );
}

/**
 * The judgement of a round finds what is planted, and only then:
 * everything taken as cold, or nothing.
 */
export const plantedFaults: Scenario = {
  name: "planted_faults_are_seen",
  deadlineSeconds: 300,
  async run() {
    swapOnZram(512);
    setKernelSwap(false);
    const sound = await judge((hot) => !hot);
    demand(sound.length === 0, `faults in a sound round: ${sound.join("; ")}`);
    const everything = await judge(() => true);
    demandFault(everything, /major faults/);
    demandFault(everything, /hot pages were asked/);
    const fewHot = await judge((hot, page) => !hot || page % 512 === 0);
    demandFault(fewHot, /hot pages were asked/);
    demandFault(fewHot, /major faults/);
    demandFault(await judge(() => false), /cold pages are in swap/);
    demandFault(await judge((hot, page) => !hot && page % 64 !== 1), /cold pages are in swap/);
    setKernelSwap(true);
    demandFault(await judge((hot) => !hot), /the kernel was allowed/);
  },
};
