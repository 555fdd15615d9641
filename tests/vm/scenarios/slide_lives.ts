import { writeFileSync } from "node:fs";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { PAGE_BYTES } from "../guest/address_space.ts";
import { BIN, isAlive, processMemory, setKernelSwap, swapOnZram } from "../guest/machine.ts";
import { Server } from "../guest/server.ts";
import { demand } from "../guest/demand.ts";
import {
  MIB,
  slideConfig,
  startProject,
  startTarget,
  stopProject,
  swappedPages,
  TASK,
} from "../guest/slide_trial.ts";
import type { Target } from "../../tools/fixtures/target.ts";
import type { Scenario } from "../scenario.ts";

function swappedOf(target: Target): number {
  return target.processes().reduce((pages, process) => {
    const { cold, hot } = swappedPages(target, process);
    return pages + cold + hot;
  }, 0);
}

/** The server still answers and has no failed task. */
async function demandWell(server: Server): Promise<void> {
  demand(isAlive(server.pid), "the server is gone");
  const { failed } = await server.task(TASK);
  demand(failed === undefined, `the task failed: ${failed}`);
}

/**
 * A process that is killed while its pages are moved ends its job; the next of its name is served.
 */
const exits: Scenario = {
  name: "slide_target_exits",
  deadlineSeconds: 300,
  async run() {
    swapOnZram(1024);
    setKernelSwap(false);
    const first = await startTarget({ sizeBytes: 192 * MIB, name: "short_lived" });
    const server = await Server.start();
    const task = { type: "name", value: "short_lived" };
    await server.add(slideConfig(0, { project: { loop: 1 }, task }));
    await startProject(server);
    await waitFor("the first pages to go", () => processMemory(first.pid, "VmSwap") > 0);
    first[Symbol.dispose]();
    await first.exited;
    await server.untilRounds(TASK, 1);
    await demandWell(server);

    const size = 32 * MIB;
    using second = await startTarget({ sizeBytes: size, hot: "every:2", name: "short_lived" });
    const cold = size / PAGE_BYTES / 2;
    await waitFor("the next process's pages to go", () => {
      return swappedOf(second) >= cold * 0.999;
    }, { seconds: 120 });
    await stopProject(server);
    await demandWell(server);
    demand(await second.verify() === 0, "the contents of pages are wrong");
  },
};

/**
 * A process that executes itself anew mid-round has new memory:
 * nothing of the old is held against it.
 */
const execs: Scenario = {
  name: "slide_target_execs",
  deadlineSeconds: 300,
  async run() {
    swapOnZram(1024);
    setKernelSwap(false);
    using target = await startTarget({ sizeBytes: 64 * MIB, hot: "every:2" });
    const server = await Server.start();
    await server.add(slideConfig(target.pid, { project: { loop: 2, interval: 4 } }));
    await startProject(server);
    await waitFor("the first scan", async () => {
      return (await server.task(TASK)).rounds.some((round) => round.state === "running");
    });
    const area = target.processes()[0]?.start;
    await target.command("exec");
    await waitFor("another life", () => target.processes()[0]?.start !== area);
    await target.untilReady();
    const { majorFaults: before } = target.processes()[0] ?? { majorFaults: 0 };
    await server.untilRounds(TASK, 1);
    await demandWell(server);
    const cold = (64 * MIB) / PAGE_BYTES / 2;
    await waitFor(
      "the pages of its second life to go",
      () => swappedOf(target) >= cold * 0.999,
    );
    await stopProject(server);
    const faults = (target.processes()[0]?.majorFaults ?? 0) - before;
    demand(faults < cold * 0.001, `${faults} major faults with ${cold} hot pages`);
    demand(await target.verify() === 0, "the contents of pages are wrong");
  },
};

const REUSED_PID = 400;

/**
 * A process that gets the pid of one that died mid-round is left
 * alone until the project is started anew.
 */
const replaced: Scenario = {
  name: "slide_target_replaced",
  deadlineSeconds: 300,
  async run() {
    swapOnZram(1024);
    setKernelSwap(false);
    writeFileSync("/proc/sys/kernel/pid_max", "600");
    const through = [`${BIN}/take_pid`, String(REUSED_PID)];
    const size = 32 * MIB;
    const first = await startTarget({ sizeBytes: size }, through);
    demand(first.pid === REUSED_PID, `the target has pid ${first.pid}`);
    const server = await Server.start();
    await server.add(slideConfig(REUSED_PID, { project: { loop: 3, interval: 3, sleep: 3 } }));
    await startProject(server);
    await waitFor("the first scan", async () => {
      return (await server.task(TASK)).rounds.some((round) => round.state === "running");
    });
    first[Symbol.dispose]();
    await first.exited;
    using second = await startTarget({ sizeBytes: size }, through);
    demand(second.pid === REUSED_PID, `the second target has pid ${second.pid}`);
    const reason = "the pid is another process now";
    // Whole rounds of which nothing of the first process is part.
    await waitFor("three rounds to leave it alone", async () => {
      const { rounds } = await server.task(TASK);
      const isLeft = rounds.filter(({ state, skipped }) =>
        state === "done" && skipped.some((entry) => entry.reason === reason)
      );
      return isLeft.length >= 3;
    }, { seconds: 120 });
    const { total } = await server.task(TASK);
    const gone = swappedOf(second);
    demand(gone === 0, `${gone} pages of the new process went`);
    demand(total.asked_bytes === 0, `${total.asked_bytes} bytes were asked to move`);
    await demandWell(server);
    await stopProject(server);
    await startProject(server);
    const pages = size / PAGE_BYTES;
    await waitFor("the new process's pages to go", () => {
      return swappedOf(second) >= pages * 0.999;
    }, { seconds: 120 });
    await stopProject(server);
    demand(await second.verify() === 0, "the contents of pages are wrong");
  },
};

export const slideLives: readonly Scenario[] = [exits, execs, replaced];
