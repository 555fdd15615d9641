import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { RoundStatus } from "../../../src/status/round_status.ts";
import type { TaskStatus } from "../../../src/status/task_status.ts";
import { Forker } from "../../tools/fixtures/forker.ts";
import type { Target, TargetOptions } from "../../tools/fixtures/target.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { demand, note } from "../guest/demand.ts";
import {
  BIN,
  IN_LIMITED_GROUP,
  makeLimitedGroup,
  processMemory,
  setKernelSwap,
  swapOnZram,
} from "../guest/machine.ts";
import { type Groups, Server } from "../guest/server.ts";
import {
  MIB,
  startProject,
  startTarget,
  stopProject,
  swappedPages,
  TASK,
} from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

const FOLDER = "/sys/fs/cgroup/limited";
const PROJECT = "vm";

const current = (): number => Number(readFileSync(`${FOLDER}/memory.current`, "latin1"));

/** A project with one task on the control group. @param pause interval and sleep. */
function config(loop: number, pause: number): Groups {
  return [
    ["project", { name: PROJECT, loop, interval: pause, sleep: pause }],
    ["engine", { name: "slide", project: PROJECT }],
    ["task", {
      project: PROJECT,
      engine: "slide",
      name: TASK,
      type: "cgroup",
      value: "lim*",
      T: 1,
      stall_limit: "no",
    }],
  ];
}

async function demandUnharmed(targets: readonly Target[]): Promise<void> {
  for (const target of targets) {
    const bad = await target.verify();
    demand(bad === 0, `the contents of ${bad} pages are wrong`);
  }
}

/** What the group used least, while this goes on. */
class LeastUse implements Disposable {
  bytes = Infinity;
  readonly #timer = setInterval(() => {
    this.bytes = Math.min(this.bytes, current());
  }, 20);

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

const SIZE = 24 * MIB;
const LOW = 48 * MIB;

/** slide keeps what memory.low protects of three processes until that is less. */
const memoryLow: Scenario = {
  name: "cgroup_memory_low",
  deadlineSeconds: 900,
  async run() {
    swapOnZram(512);
    setKernelSwap(false);
    makeLimitedGroup("max");
    writeFileSync(`${FOLDER}/memory.low`, String(LOW));
    using one = await startTarget({ sizeBytes: SIZE }, IN_LIMITED_GROUP);
    using two = await startTarget({ sizeBytes: SIZE }, IN_LIMITED_GROUP);
    using three = await startTarget({ sizeBytes: SIZE }, IN_LIMITED_GROUP);
    const all = [one, two, three];
    const server = await Server.start();
    await server.add(config(1, 1));
    using least = new LeastUse();
    const before = current();
    await startProject(server);
    const low = "protected by memory.low of its control group";
    await waitFor("memory.low to be reached", async () => {
      const { rounds } = await server.task(TASK);
      return rounds.some(({ spared }) => spared.some(({ reason }) => reason === low));
    }, { seconds: 400 });
    const { rounds: [last] } = await server.task(TASK);
    await server.untilRounds(TASK, last!.number + 1);
    note({ before, least: least.bytes, now: current() });
    demand(least.bytes >= LOW, `the group had ${least.bytes} bytes, ${LOW} are protected`);
    demand(current() < LOW + SIZE / 2, `the group has ${current()} bytes`);

    writeFileSync(`${FOLDER}/memory.low`, "0");
    await waitFor(
      "the rest to go",
      () => all.every(({ pid }) => processMemory(pid, "VmSwap") >= SIZE * 0.95),
      { seconds: 400 },
    );
    await stopProject(server);
    await demandUnharmed(all);
  },
};

/**
 * The emulated machine makes 500 a second at most, beside nothing else: there are fewer, and rounds
 * are longer. How many come depends on what else the host does, so the rates are only noted;
 * tests/system/forking_group.test.ts has a thousand a second.
 */
const CHILDREN_PER_SECOND = 200;
const CHILDREN_PER_ROUND = 200;
const PAUSE_SECONDS = 2;
const ROUNDS = 4;
const QUIET = { sizeBytes: 16 * MIB, hot: "first:8" } as const satisfies TargetOptions;
const HOT_PAGES = QUIET.sizeBytes / 4096 / 8;

/** Children a second that a process makes while something goes on. */
async function rateDuring(forker: Forker, work: () => Promise<unknown>): Promise<number> {
  const [before, begin] = [await forker.made(), performance.now()];
  await work();
  const made = await forker.made() - before;
  return made / (performance.now() - begin) * 1000;
}

/** The fewest descriptors that the server has open while a number of rounds goes on. */
async function fewestDescriptors(server: Server, lastRound: number): Promise<number> {
  let fewest = Infinity;
  using stack = new DisposableStack();
  const timer = setInterval(() => {
    fewest = Math.min(fewest, readdirSync(`/proc/${server.pid}/fd`).length);
  }, 100);
  stack.defer(() => clearInterval(timer));
  await server.untilRounds(TASK, lastRound);
  return fewest;
}

function demandGone(targets: readonly Target[], round: number): void {
  const cold = QUIET.sizeBytes / 4096 - HOT_PAGES;
  for (const target of targets) {
    const swapped = target.processes().map((area) => swappedPages(target, area));
    note({ round, swapped });
    const gone = swapped.reduce((sum, pages) => sum + pages.cold, 0);
    demand(gone >= cold * 0.999, `only ${gone} of ${cold} cold pages went in ${round} rounds`);
  }
}

function demandRounds({ rounds }: TaskStatus, least: number): void {
  const done = rounds.filter(({ state }) => state === "done");
  note({ processes: done.map((round: RoundStatus) => [round.processes, round.scan_errors]) });
  for (const { number, processes, scan_errors: errors } of done) {
    demand(errors === 0, `round ${number} had ${errors} errors`);
    demand(processes >= least, `round ${number} found ${processes} of ${least} processes`);
  }
}

/**
 * Beside a process of the group that makes hundreds of children in each round, two quiet ones are
 * served as if there were none, and a third from the round on that begins after it has come.
 */
const forks: Scenario = {
  name: "cgroup_forks",
  deadlineSeconds: 600,
  async run() {
    swapOnZram(256);
    setKernelSwap(false);
    makeLimitedGroup("max");
    using one = await startTarget(QUIET, IN_LIMITED_GROUP);
    using two = await startTarget(QUIET, IN_LIMITED_GROUP);
    using forker = await Forker.start([...IN_LIMITED_GROUP, `${BIN}/forker`], CHILDREN_PER_SECOND);
    const server = await Server.start();
    await server.add(config(2, PAUSE_SECONDS));
    await server.status();
    const alone = [await rateDuring(forker, () => Bun.sleep(4000))];
    const faults = (targets: readonly Target[]): number =>
      targets.flatMap((target) => target.processes()).reduce((sum, p) => sum + p.majorFaults, 0);
    const faultsBefore = faults([one, two]);

    await startProject(server);
    const madeBefore = await forker.made();
    const descriptors: number[] = [];
    const watched = [await rateDuring(forker, () => server.untilRounds(TASK, 1))];
    demandGone([one, two], 1);
    for (const last of [ROUNDS / 2, ROUNDS]) {
      watched.push(
        await rateDuring(forker, async () => {
          descriptors.push(await fewestDescriptors(server, last));
        }),
      );
    }
    const perRound = (await forker.made() - madeBefore) / ROUNDS;
    demandRounds(await server.task(TASK), 3);
    using three = await startTarget(QUIET, IN_LIMITED_GROUP);
    const [running] = (await server.task(TASK)).rounds;
    await server.untilRounds(TASK, (running?.number ?? 0) + 1);
    demandGone([three], 1);
    await stopProject(server);
    alone.push(await rateDuring(forker, () => Bun.sleep(4000)));

    const majorFaults = faults([one, two, three]) - faultsBefore;
    note({ alone, watched, perRound, descriptors, majorFaults });
    const { failed } = await server.task(TASK);
    demand(failed === undefined, `the task failed: ${failed}`);
    demand(perRound >= CHILDREN_PER_ROUND, `only ${perRound} children came in a round`);
    const [early = 0, late = Infinity] = descriptors;
    demand(late <= early, `${early} descriptors have become ${late}`);
    demand(majorFaults <= 3 * HOT_PAGES * 0.001, `${majorFaults} hot pages came back`);
    await demandUnharmed([one, two, three]);
  },
};

/** Targets by control group. */
export const cgroupTargets: readonly Scenario[] = [memoryLow, forks];
