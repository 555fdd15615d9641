import { hugeBytes } from "../guest/address_space.ts";
import { setKernelSwap, swapOnZram } from "../guest/machine.ts";
import { Server } from "../guest/server.ts";
import { demand, note } from "../guest/demand.ts";
import {
  lookBefore,
  MIB,
  roundOf,
  slideConfig,
  startProject,
  startTarget,
  stopProject,
  swappedPages,
  TASK,
  trySlide,
} from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

const SIZE = 512 * MIB;

/** Hot pages that lie together leave whole huge pages cold: those go. */
const together: Scenario = {
  name: "slide_huge_a",
  deadlineSeconds: 300,
  async run() {
    await trySlide({ sizeBytes: SIZE, hot: "first:8", huge: true });
  },
};

/** With a hot page in each huge page nothing is cold, and status says why. */
function scattered(letter: string, hot: "every:2" | "every:16"): Scenario {
  return {
    name: `slide_huge_${letter}`,
    deadlineSeconds: 300,
    async run(): Promise<void> {
      swapOnZram(1024);
      setKernelSwap(false);
      using target = await startTarget({ sizeBytes: SIZE, hot, huge: true });
      demand(hugeBytes(target.pid) >= SIZE, "the area is not all in huge pages");
      const server = await Server.start();
      await server.add(slideConfig(target.pid));
      const { otherBytes } = lookBefore(target);
      await startProject(server);
      const task = await server.untilRounds(TASK, 1);
      await stopProject(server);
      const round = roundOf(task, 1);
      note({ ...round });
      for (const process of target.processes()) {
        const { cold, hot: hotGone } = swappedPages(target, process);
        demand(cold + hotGone === 0, `${cold + hotGone} pages of hot huge pages are in swap`);
      }
      demand(
        round.asked_bytes <= otherBytes,
        `${round.asked_bytes} bytes were asked to move, and only ${otherBytes} lie in small pages`,
      );
      demand(
        round.hot_huge_bytes === SIZE,
        `status says that ${round.hot_huge_bytes} of ${SIZE} bytes are hot as huge pages`,
      );
      demand(
        round.present_bytes - round.hot_bytes <= otherBytes,
        `status says that ${round.cold_bytes} bytes are cold`,
      );
      demand(hugeBytes(target.pid) >= SIZE, "huge pages were split");
      const bad = await target.verify();
      demand(bad === 0, `the contents of ${bad} pages are wrong`);
    },
  };
}

export const slideHuge: readonly Scenario[] = [
  together,
  scattered("b", "every:2"),
  scattered("c", "every:16"),
];
