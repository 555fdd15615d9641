import { afterAll, beforeAll, expect, test } from "bun:test";
import { compileProgram } from "../../bench/workload/programs.ts";
import { WorkloadTarget } from "../../bench/workload/workload_target.ts";
import type { TaskStatus } from "../../src/status/task_status.ts";
import { TRACKERS } from "../../src/tracker/trackers.ts";
import { ScratchFolder } from "../tools/fixtures/scratch_folder.ts";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { askStatus } from "./ask_status.ts";
import { ServerProcess } from "./server_process.ts";

const BYTES_PER_PAGE = 4096;
const PAGES = 4096;
const SECONDS = 600;

const swap = TemporarySwap.make(128 * 2 ** 20);
const folder = new ScratchFolder();
let executable = "";

const tracker = TRACKERS.find(({ missing, granularity }) =>
  granularity === "page" && missing() === undefined
);
const missing = swap.missing ??
  (tracker === undefined ? "no tracker of this kernel sees single pages" : undefined);
if (missing !== undefined) console.log(`stall_limit: left out: ${missing}`);

beforeAll(() => {
  executable = compileProgram("workload", folder.path);
});
afterAll(() => {
  folder[Symbol.dispose]();
  swap[Symbol.dispose]();
});

/** A process that serves requests for its pages for as long as a test may take. */
async function serve(draw: string, rate: number, touches = 1): Promise<WorkloadTarget> {
  const target = await WorkloadTarget.start({
    executable,
    workload: { name: "guarded", about: "", processes: 1, pages: PAGES, rate, draw, touches },
    course: { seconds: SECONDS, seed: 1 },
    windowSeconds: SECONDS,
    comm: `guarded-${process.pid}`,
  });
  target.go();
  return target;
}

/** A project for a process, with the key that the test is about. */
function configuration(project: string, { pids }: WorkloadTarget, stallLimit: string): string {
  return [
    `[project]\nname=${project}\nloop=3\ninterval=1\nsleep=1`,
    `[engine]\nname=slide\nproject=${project}`,
    `[task]\nproject=${project}\nengine=slide\nname=t\ntype=pid\nvalue=${pids[0]}\nT=1`,
    `stall_limit=${stallLimit}\n`,
  ].join("\n");
}

async function start(server: ServerProcess, project: string, text: string): Promise<void> {
  const path = server.file(`${project}.conf`, text);
  expect(await server.etmem("obj", "add", "-f", path)).toMatchObject({ status: 0 });
  expect(await server.etmem("project", "start", "-n", project)).toMatchObject({ status: 0 });
}

async function taskOf(server: ServerProcess, project: string): Promise<TaskStatus> {
  const { projects } = await askStatus(server.name);
  return projects.find(({ name }) => name === project)!.engines[0]!.tasks[0]!;
}

/** Waits until a task has come to the end of so many rounds. */
function afterRounds(server: ServerProcess, project: string, rounds: number): Promise<TaskStatus> {
  return waitFor(`${rounds} rounds of ${project}`, async () => {
    const task = await taskOf(server, project);
    return task.total.rounds >= rounds ? task : undefined;
  }, { firstPauseMs: 100, seconds: 240 });
}

// Each test has a server and processes of its own, and waits for most of its time.
test.concurrent.skipIf(missing !== undefined)(
  "what comes back soon stays with a stall_limit, and goes without one",
  async () => {
    await using server = await ServerProcess.start();
    using guarded = await serve("zipf:0.99", 500);
    using unguarded = await serve("zipf:0.99", 500);
    await start(server, "guarded", configuration("guarded", guarded, "0.01"));
    await start(server, "unguarded", configuration("unguarded", unguarded, "no"));
    const [with_, without] = await Promise.all([
      afterRounds(server, "guarded", 4),
      afterRounds(server, "unguarded", 4),
    ]);
    expect(without.rounds.every(({ guard }) => guard === undefined)).toBe(true);
    expect(without.total.moved_bytes).toBeGreaterThan(PAGES / 2 * BYTES_PER_PAGE);
    expect(without.total.came_back_bytes).toBeGreaterThan(0);
    expect(with_.total.moved_bytes).toBeLessThan(without.total.moved_bytes / 2);
    const last = with_.rounds.find(({ state }) => state === "done")!;
    expect(last.guard).toMatchObject({ stall_limit_percent: 0.01 });
    expect(last.guard!.swap_in_us).toBeGreaterThan(0);
    expect(last.spared.map(({ reason }) => reason)).toContain("too young for stall_limit");
    const { stdout } = await server.etmem("status", "-n", "guarded");
    expect(stdout.replaceAll(/\s+/g, " ")).toContain("guard stall_limit 0.01 %");
  },
);

test.concurrent.skipIf(missing !== undefined)(
  "etmemd --move-rate holds for all tasks together, and status shows it beside that of a task",
  async () => {
    await using server = await ServerProcess.start({ args: ["--move-rate", "8"] });
    using one = await serve("first:8", 500);
    using other = await serve("first:8", 500);
    for (const [name, target] of [["one", one], ["other", other]] as const) {
      const text = configuration(name, target, "no").replace("loop=3", "loop=1");
      await start(server, name, `${text}move_rate=100\n`);
    }
    const tasks = await Promise.all(["one", "other"].map((name) => afterRounds(server, name, 1)));
    const status = await askStatus(server.name);
    expect(status.server.move_rate_bytes).toBe(8 * 2 ** 20);
    const first = tasks.map(({ rounds }) => rounds.find(({ number }) => number === 1)!);
    const moved = first.reduce((sum, round) => sum + round.moved_bytes, 0);
    expect(moved).toBeGreaterThan(16 * 2 ** 20);
    // Both moved after a scan of a second, from the start of the first to the end of the last.
    const begin = Math.min(...first.map(({ started_at: at }) => Date.parse(at)));
    const end = Math.max(
      ...first.map(({ started_at: at, duration_us: us }) => Date.parse(at) + us / 1000),
    );
    expect(moved / ((end - begin) / 1000 - 1)).toBeLessThan(8 * 2 ** 20 * 1.1);
    for (const { move_rate_bytes: rate } of tasks) expect(rate).toBe(100 * 2 ** 20);
    const { stdout } = await server.etmem("status");
    expect(stdout).toContain("at most 8 MiB/s");
    expect(stdout).toContain("at most 100 MiB/s");
  },
);

test.concurrent.skipIf(missing !== undefined)(
  "what is never used beside a hot set goes in the first round, guarded by default",
  async () => {
    await using server = await ServerProcess.start();
    // each of the first eighth of the pages about four times a second
    using target = await serve("first:8", 500, Math.ceil(4 * PAGES / 8 / 500));
    const text = configuration("static", target, "0.1").replace("stall_limit=0.1\n", "");
    await start(server, "static", text);
    const { rounds } = await afterRounds(server, "static", 1);
    const first = rounds.find(({ number }) => number === 1)!;
    expect(first.guard).toMatchObject({ stall_limit_percent: 0.1, harm_percent: 0 });
    expect(first.moved_bytes).toBeGreaterThan(PAGES * 7 / 8 * BYTES_PER_PAGE * 0.95);
    expect(first.moved_bytes).toBeLessThan(PAGES * 7.2 / 8 * BYTES_PER_PAGE);
  },
);
