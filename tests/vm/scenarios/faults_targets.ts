import { waitFor } from "../../tools/fixtures/wait_for.ts";
import type { Target, TargetOptions } from "../../tools/fixtures/target.ts";
import { demandAccounts } from "../guest/account.ts";
import { PAGE_BYTES } from "../guest/address_space.ts";
import { demand, note } from "../guest/demand.ts";
import { isAlive, setKernelSwap, swapOnZram } from "../guest/machine.ts";
import { type Groups, Server } from "../guest/server.ts";
import { MIB, startTarget, swappedPages } from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

/** A project of its own for a process, with a task of the same name. */
function projectOf(name: string, pid: number): Groups {
  return [
    ["project", { name, loop: 2, interval: 1, sleep: 1 }],
    ["engine", { name: "slide", project: name }],
    ["task", {
      project: name,
      engine: "slide",
      name,
      type: "pid",
      value: pid,
      T: 1,
      stall_limit: "no",
    }],
  ];
}

const TARGETS = {
  stopped: { sizeBytes: 16 * MIB },
  forking: { sizeBytes: 4 * MIB },
  churning: { sizeBytes: 16 * MIB, churn: true, pauseMs: 10 },
  steady: { sizeBytes: 16 * MIB, hot: "every:2" },
} as const satisfies Readonly<Record<string, TargetOptions>>;

function coldInSwap(target: Target): number {
  return target.processes().reduce((pages, one) => pages + swappedPages(target, one).cold, 0);
}

/** Waits until nearly all of a target's cold pages are in swap. */
async function untilGone(target: Target, share = 1): Promise<void> {
  const pages = (target.options.sizeBytes / PAGE_BYTES) * share;
  await waitFor("the cold pages to go", () => coldInSwap(target) >= pages * 0.999, {
    seconds: 120,
  });
}

/**
 * One process is stopped, one makes a hundred children, one maps and unmaps all the time, each in
 * the middle of a round; a fourth, of another project too, is served as if there were no others.
 */
export const faultsTargets: Scenario = {
  name: "faults_targets",
  deadlineSeconds: 400,
  async run() {
    swapOnZram(512);
    setKernelSwap(false);
    const server = await Server.start();
    const targets = new Map<string, Target>();
    for (const [name, options] of Object.entries(TARGETS)) {
      const target = await startTarget(options);
      targets.set(name, target);
      await server.add(projectOf(name, target.pid));
    }
    const of = (name: keyof typeof TARGETS): Target => targets.get(name)!;
    const [stopped, forking, churning, steady] = [
      of("stopped"),
      of("forking"),
      of("churning"),
      of("steady"),
    ];
    const inRound = (name: keyof typeof TARGETS): Promise<unknown> =>
      waitFor(`a scan of ${name}`, async () => {
        const [round] = (await server.task(name)).rounds;
        return round?.state === "running" && round.phases.scan_us > 0;
      });
    for (const name of targets.keys()) await server.etmem("project", "start", "-n", name);
    await inRound("stopped");
    process.kill(stopped.pid, "SIGSTOP");
    await inRound("forking");
    await forking.fork();

    const many = await waitFor("a round with a hundred children", async () => {
      const { rounds } = await server.task("forking");
      return rounds.find(({ state, processes }) => state === "done" && processes === 101);
    }, { seconds: 200 });
    note({ many });
    demand(many.scan_errors === 0, `${many.scan_errors} errors with a hundred children`);
    await untilGone(stopped);
    await untilGone(steady, 1 / 2);
    await untilGone(churning);

    process.kill(stopped.pid, "SIGCONT");
    const wrong = await forking.reap();
    demand(wrong === 0, `${wrong} children found their memory changed`);
    const last = (await server.task("forking")).rounds[0]?.number ?? 0;
    await server.untilRounds("forking", last + 1);

    for (const [name, target] of targets) {
      demandAccounts(await server.task(name));
      const bad = await target.verify();
      demand(bad === 0, `the contents of ${bad} pages of ${name} are wrong`);
      const touches = target.processes().reduce((sum, one) => sum + one.wrongTouches, 0);
      demand(touches === 0, `${name} read ${touches} wrong values`);
    }
    const hot = steady.processes()[0]?.majorFaults ?? 0;
    const pages = steady.options.sizeBytes / PAGE_BYTES;
    demand(hot <= pages / 2 * 1.01, `${hot} major faults of the steady process`);
    demand(isAlive(server.pid), "the server is gone");
  },
};
