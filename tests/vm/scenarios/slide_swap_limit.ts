import type { RoundStatus } from "../../../src/status/round_status.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { demand, note } from "../guest/demand.ts";
import {
  IN_LIMITED_GROUP,
  limitSwap,
  makeLimitedGroup,
  processMemory,
  setKernelSwap,
  swapOnZram,
} from "../guest/machine.ts";
import { Server } from "../guest/server.ts";
import {
  MIB,
  slideConfig,
  startProject,
  startTarget,
  stopProject,
  TASK,
} from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

const SIZE = 64 * MIB;
const LIMIT = 16 * MIB;
const MAY_NOT = "its control group may not swap: memory.swap.max is 0";
const NO_MORE = "no swap space left for its control group: memory.swap.max";

function skips({ skipped }: RoundStatus, reason: string): boolean {
  return skipped.some((entry) => entry.reason === reason);
}

/** A control group that may not swap, then a little, then as much as there is. */
function swapLimit(mover: "swap_pages" | "process_madvise"): Scenario {
  return {
    name: `slide_swap_limit_${mover}`,
    deadlineSeconds: 300,
    async run() {
      swapOnZram(512);
      setKernelSwap(false);
      makeLimitedGroup("0");
      using target = await startTarget({ sizeBytes: SIZE }, IN_LIMITED_GROUP);
      const inSwap = (): number => processMemory(target.pid, "VmSwap");
      const server = await Server.start();
      await server.add(slideConfig(target.pid, { project: { mover, loop: 1 } }));
      await startProject(server);

      const none = await server.untilRounds(TASK, 3);
      for (const round of none.rounds.slice(-3)) {
        demand(skips(round, MAY_NOT), `the reason is not told: ${JSON.stringify(round.skipped)}`);
        demand(round.scanned_bytes === 0, `${round.scanned_bytes} bytes were scanned`);
      }
      demand(none.total.asked_bytes === 0, `${none.total.asked_bytes} bytes were asked for`);

      limitSwap(String(LIMIT));
      await waitFor("the limit to be reached", () => inSwap() > LIMIT * 0.9);
      const { rounds: [running] } = await server.task(TASK);
      const few = await server.untilRounds(TASK, (running?.number ?? 0) + 2);
      note({ ...few.total });
      demand(inSwap() <= LIMIT, `${inSwap()} bytes are in swap`);
      // A huge page goes as a whole or not at all.
      demand(few.total.asked_bytes <= LIMIT + 2 * MIB, `${few.total.asked_bytes} were asked for`);
      const says = (round: RoundStatus): boolean =>
        skips(round, NO_MORE) || round.spared.some(({ reason }) => reason === NO_MORE);
      demand(few.rounds.some(says), "it does not say that the limit is reached");

      limitSwap("max");
      await waitFor("the rest to go", () => inSwap() >= SIZE * 0.99);
      await stopProject(server);
      const bad = await target.verify();
      demand(bad === 0, `the contents of ${bad} pages are wrong`);
    },
  };
}

export const slideSwapLimit: readonly Scenario[] = [
  swapLimit("swap_pages"),
  swapLimit("process_madvise"),
];
