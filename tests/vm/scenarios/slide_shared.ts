import type { RoundStatus } from "../../../src/status/round_status.ts";
import type { Target } from "../../tools/fixtures/target.ts";
import { PAGE_BYTES } from "../guest/address_space.ts";
import { setKernelSwap, swapOnZram } from "../guest/machine.ts";
import { Server } from "../guest/server.ts";
import { demand, note } from "../guest/demand.ts";
import {
  MIB,
  roundOf,
  slideConfig,
  startProject,
  startTarget,
  stopProject,
  swappedPages,
  TASK,
} from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

const SIZE = 32 * MIB;
const CHILDREN = 8;

/** Pages that a parent and 8 children share, all cold, under one mover. */
function shared(
  mover: "swap_pages" | "process_madvise",
  check: (round: RoundStatus, target: Target) => void,
): Scenario {
  return {
    name: `slide_shared_${mover}`,
    deadlineSeconds: 300,
    async run(): Promise<void> {
      swapOnZram(512);
      setKernelSwap(false);
      using target = await startTarget({ sizeBytes: SIZE, children: CHILDREN, share: true });
      const server = await Server.start();
      await server.add(
        slideConfig(target.pid, { project: { mover, loop: 1 }, task: { max_threads: 4 } }),
      );
      await startProject(server);
      const task = await server.untilRounds(TASK, 1);
      await stopProject(server);
      const round = roundOf(task, 1);
      note({ ...round });
      demand(round.processes === 1 + CHILDREN, `${round.processes} processes were worked on`);
      check(round, target);
      const bad = await target.verify();
      demand(bad === 0, `the contents of ${bad} pages are wrong`);
    },
  };
}

function swappedOfEach(target: Target): number[] {
  return target.processes().map((process) => swappedPages(target, process).cold);
}

export const slideShared: readonly Scenario[] = [
  shared("swap_pages", (_round, target) => {
    for (const swapped of swappedOfEach(target)) {
      demand(
        swapped >= (SIZE / PAGE_BYTES) * 0.999,
        `only ${swapped} of ${SIZE / PAGE_BYTES} shared pages are in swap`,
      );
    }
  }),
  shared("process_madvise", (round, target) => {
    const swapped = swappedOfEach(target);
    demand(swapped.every((pages) => pages === 0), `shared pages are in swap: ${swapped.join(" ")}`);
    const spared = round.spared.find(({ reason }) => reason === "shared with other processes");
    // Beside the area, a few pages of the libraries' data.
    demand(
      spared !== undefined && spared.bytes >= SIZE && spared.bytes < SIZE + 4 * MIB,
      `not ${SIZE} bytes were spared as shared: ${JSON.stringify(round.spared)}`,
    );
    demand(round.asked_bytes < 4 * MIB, `${round.asked_bytes} bytes were asked for`);
  }),
];
