import { readFileSync } from "node:fs";
import type { GroupStatus } from "../../../src/status/group_status.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { demand, demandNone, note } from "../guest/demand.ts";
import { IN_LIMITED_GROUP, makeLimitedGroup, setKernelSwap, swapOnZram } from "../guest/machine.ts";
import { RequestsTarget } from "../guest/requests_target.ts";
import { type Groups, Server } from "../guest/server.ts";
import { MIB, startProject, startTarget, stopProject, TASK } from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

const GROUP = "limited";
const FOLDER = `/sys/fs/cgroup/${GROUP}`;
const PROJECT = "vm";

const current = (): number => Number(readFileSync(`${FOLDER}/memory.current`, "latin1"));

function psiConfig(keys: Readonly<Record<string, number>>): Groups {
  return [
    ["project", { name: PROJECT, scan_type: "psi", interval: 1 }],
    ["engine", { name: "psi", project: PROJECT }],
    ["task", { project: PROJECT, engine: "psi", name: TASK, cg_dir: GROUP, ...keys }],
  ];
}

/** Collects what each round said of the group, by the number of the round. */
async function collect(server: Server, seen: Map<number, GroupStatus>): Promise<void> {
  const { rounds } = await server.task(TASK);
  for (const { number, state, groups } of rounds) {
    const [group] = groups ?? [];
    if (state === "done" && group !== undefined) seen.set(number, group);
  }
}

const WAITS = /^(?:waits for|reads back)/;

/** How the rates differ from the rule: 0.01 up after 5 good rounds, down after 2 bad ones. */
function faultsOfRates(groups: readonly GroupStatus[], first: number): string[] {
  let [rate, good, bad] = [first, 0, 0];
  return groups.flatMap(({ rate_percent: is, asked_bytes: asked, held = "" }, i) => {
    // One that was broken off was good when it began.
    const isBad = asked === 0 && WAITS.test(held);
    [good, bad] = isBad ? [0, bad + 1] : [good + 1, 0];
    if (good === 5) [rate, good] = [Math.min(50, rate + 1), 0];
    if (bad === 2) [rate, bad] = [Math.max(1, rate - 1), 0];
    return Math.abs(is - rate) < 1e-6 ? [] : [`round ${i + 1}: rate ${is} %, not ${rate} %`];
  });
}

/** With reclaim_rate=0.3 use falls fast, and is nearly where it ends after ten rounds. */
const rate: Scenario = {
  name: "psi_rate",
  deadlineSeconds: 900,
  async run() {
    swapOnZram(512);
    setKernelSwap(false);
    makeLimitedGroup("max");
    using target = await startTarget({ sizeBytes: 128 * MIB, hot: "none" }, IN_LIMITED_GROUP);
    const server = await Server.start();
    await server.add(psiConfig({ reclaim_rate: 0.3, limit_min_bytes: 64 * MIB }));
    const before = current();
    await startProject(server);
    const seen = new Map<number, GroupStatus>();
    await waitFor("25 rounds", async () => {
      await collect(server, seen);
      return seen.has(25);
    }, { seconds: 400, firstPauseMs: 500 });
    await stopProject(server);
    const rounds = [...seen].sort(([a], [b]) => a - b).map(([, group]) => group);
    const uses = rounds.map(({ use_bytes: use }) => use);
    note({ before, uses, held: rounds.map(({ held }) => held ?? "") });
    demand(rounds.length >= 25, `only ${rounds.length} rounds were seen`);
    demandNone(faultsOfRates(rounds, 30));
    const [tenth, last] = [uses[10]!, uses.at(-1)!];
    demand(last < 0.7 * before, `${last} of ${before} bytes are left`);
    demand(
      Math.abs(tenth - last) <= 0.1 * last,
      `${tenth} bytes after 10 rounds, ${last} at the end`,
    );
    const asked = rounds.some((group) => group.reclaimed_bytes > 0.8 * group.asked_bytes);
    demand(asked, "the kernel has reclaimed much less than it was asked for");
    const bad = await target.verify();
    demand(bad === 0, `the contents of ${bad} pages are wrong`);
  },
};

/** The memory that a workload does not use goes, and its requests hardly take longer. */
function workload(name: string, where: string): Scenario {
  return {
    name: `psi_${name}`,
    deadlineSeconds: 900,
    async run() {
      swapOnZram(512);
      setKernelSwap(false);
      makeLimitedGroup("max");
      using target = await RequestsTarget.start(IN_LIMITED_GROUP, where, 128 * MIB, 32 * MIB);
      const window = async (): Promise<number> => {
        await target.ask();
        await Bun.sleep(5000);
        return (await target.ask()).p99Us;
      };
      const server = await Server.start();
      await server.add(psiConfig({}));
      const untouched = [await window(), await window(), await window()];
      const before = current();
      await startProject(server);
      const touched = [
        await window(),
        await window(),
        await window(),
        await window(),
        await window(),
      ];
      const task = await server.task(TASK);
      const after = current();
      await stopProject(server);
      untouched.push(await window(), await window());
      note({
        before,
        after,
        untouched,
        touched,
        held: task.rounds.map((r) => r.groups?.[0]?.held),
      });
      demand(after < 0.95 * before, `${after} of ${before} bytes are left`);
      // What else runs on this machine and its host disturbs single windows. What comes back would
      // disturb all.
      const [quiet, busy] = [Math.min(...untouched), Math.min(...touched)];
      demand(busy <= 2 * quiet, `p99 is ${busy} us with psi, ${quiet} us without`);
    },
  };
}

/** A file that only the page cache of the group holds. */
const FILE = "/tmp/requests";

/** The engine psi. */
export const psi: readonly Scenario[] = [
  rate,
  workload("anonymous", "anon"),
  workload("page_cache", FILE),
];
