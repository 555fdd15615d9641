import { ZeroPages } from "../../tools/fixtures/zero_pages.ts";
import { demandAccounts } from "../guest/account.ts";
import { demand, note } from "../guest/demand.ts";
import { BIN, setKernelSwap, swapOnZram } from "../guest/machine.ts";
import { Server } from "../guest/server.ts";
import {
  MIB,
  roundOf,
  slideConfig,
  startProject,
  stopProject,
  TASK,
} from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

/** Memory that was read and never written: 4 MiB but for 128 KiB. */
function zeroPages(tracker: "idle_pages" | "page_idle" | "smaps"): Scenario {
  return {
    name: `slide_zero_pages_${tracker}`,
    deadlineSeconds: 120,
    async run() {
      swapOnZram(64);
      setKernelSwap(false);
      using target = await ZeroPages.start(`${BIN}/zero_pages`);
      const server = await Server.start();
      await server.add(slideConfig(target.opened.pid, { project: { tracker, loop: 1 } }));
      await startProject(server);
      const task = await server.untilRounds(TASK, 2);
      await stopProject(server);
      demandAccounts(task);
      const round = roundOf(task, 1);
      note({ ...round });
      demand(round.asked_bytes >= MIB / 8, `only ${round.asked_bytes} bytes were asked for`);
      demand(round.asked_bytes < MIB, `${round.asked_bytes} bytes were asked for`);
      demand(round.present_bytes < MIB, `${round.present_bytes} bytes count as present`);
      const late = round.spared.filter(({ reason }) => reason === "gone before its turn");
      demand(late.length === 0, `spared: ${JSON.stringify(round.spared)}`);
    },
  };
}

export const slideZeroPages: readonly Scenario[] = [
  zeroPages("idle_pages"),
  zeroPages("page_idle"),
  zeroPages("smaps"),
];
