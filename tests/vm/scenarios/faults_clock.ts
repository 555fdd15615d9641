import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { demandAccounts } from "../guest/account.ts";
import { demand, note } from "../guest/demand.ts";
import { setClock, setKernelSwap, swapOnZram } from "../guest/machine.ts";
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

const HOUR_MS = 3_600_000;
const INTERVAL = 2;
const SLEEP = 2;

/**
 * The clock is set hours forward, and hours back, in the middle of rounds:
 * they are on time by any other clock.
 */
export const faultsClock: Scenario = {
  name: "faults_clock",
  deadlineSeconds: 300,
  async run() {
    swapOnZram(128);
    setKernelSwap(false);
    using target = await startTarget({ sizeBytes: 16 * MIB, hot: "every:2" });
    const server = await Server.start();
    const project = { loop: 2, interval: INTERVAL, sleep: SLEEP };
    await server.add(slideConfig(target.pid, { project }));
    const clockAtStart = Date.now();
    const begin = performance.now();
    await startProject(server);
    for (const [number, hours] of [[1, 5], [2, -10]] as const) {
      await waitFor(`the middle of round ${number}`, async () => {
        const [round] = (await server.task(TASK)).rounds;
        return round?.number === number && round.phases.scan_us > 0;
      });
      setClock(Date.now() + hours * HOUR_MS);
    }
    const { rounds } = await server.untilRounds(TASK, 4);
    const tookMs = performance.now() - begin;
    // The first round has a scan that does not count, and an interval, more.
    const leastMs = 1000 * (2 * INTERVAL + 3 * (INTERVAL + SLEEP));
    demand(
      tookMs >= leastMs * 0.99,
      `four rounds took ${tookMs} ms, which is less than ${leastMs}`,
    );
    // Minutes are for a busy machine: by the clock that is set it would be hours.
    demand(tookMs < leastMs + HOUR_MS / 10, `four rounds took ${tookMs} ms of ${leastMs}`);
    for (const { number, duration_us: us } of rounds.filter(({ state }) => state === "done")) {
      const seconds = us / 1_000_000;
      const least = number === 1 ? 2 * INTERVAL : INTERVAL;
      demand(
        seconds >= least * 0.99 && seconds < least + 360,
        `round ${number} is said to have taken ${seconds} s, ${least} s is right`,
      );
    }
    const startedAt = (number: number): number =>
      Date.parse(rounds.find((round) => round.number === number)?.started_at ?? "");
    const sinceStart = (number: number): number => startedAt(number) - clockAtStart;
    const hoursOf = [1, 2, 3].map((number) => Math.round(sinceStart(number) / HOUR_MS));
    note({ tookMs, hoursOf });
    demand(hoursOf.join() === "0,5,-5", `rounds began ${hoursOf.join()} hours after the start`);
    const { server: own } = await server.status();
    demand(own.up_us < (tookMs + HOUR_MS / 10) * 1000, `it is up for ${own.up_us} us`);
    demand(own.up_us > tookMs * 1000, `it is up for ${own.up_us} us`);
    await stopProject(server);
    demandAccounts(await server.task(TASK));
    setClock(clockAtStart + performance.now() - begin);
    demand(await target.verify() === 0, "the contents of pages are wrong");
  },
};
