import { join } from "node:path";
import type { Benchmark } from "./benchmark.ts";
import { compileC } from "./compile_c.ts";
import type { Figure, Outcome } from "./figure.ts";
import { inFolder } from "./in_folder.ts";
import { startNamedTasks } from "./many_tasks.ts";
import { ServerUnderTest } from "./server_under_test.ts";
import { threadClock } from "./thread_clock.ts";
import { timedRequestMs } from "./timed_request.ts";
import { SHOW_V1, STATUS_V2 } from "../tests/system/raw_client.ts";

const MIB = 2 ** 20;
const PROCESSES = 8000;
const TASKS = 100;
const MEASURED_MS = 60_000;
const PAUSE_MS = 5;
/** After the start of the tasks: their first rounds, and code that is compiled. */
const SETTLE_MS = 5_000;

interface Requests {
  /** From before the connection to the end of the answer. */
  readonly answerMs: number[];
  /** What of it remains when the main thread's waits for a CPU are taken off. */
  readonly ownMs: number[];
  /** What the main thread computed meanwhile: no turn of its event loop was longer. */
  readonly cpuMs: number[];
}

/** Asks again and again. */
async function measure(server: ServerUnderTest, request: string): Promise<Requests> {
  const [answerMs, ownMs, cpuMs]: [number[], number[], number[]] = [[], [], []];
  const end = performance.now() + MEASURED_MS;
  while (performance.now() < end) {
    const before = threadClock(server.pid, server.pid);
    const ms = await timedRequestMs(server.socket, request);
    const after = threadClock(server.pid, server.pid);
    answerMs.push(ms);
    cpuMs.push(after.cpuMs - before.cpuMs);
    ownMs.push(Math.max(0, ms - (after.waitedMs - before.waitedMs)));
    await Bun.sleep(PAUSE_MS);
  }
  return { answerMs, ownMs, cpuMs };
}

function highest(what: string, values: readonly number[], limit?: number): Figure {
  const targets = limit === undefined ? [] : [{ of: "median", is: "at most", limit } as const];
  return { what: `${what}, highest`, unit: "ms", values: [Math.max(...values)], targets };
}

/** @param each processes that a name has. @param isHeld whether the figures have targets. */
async function crowd(folder: string, each: number, isHeld: boolean): Promise<Outcome[]> {
  const executable = compileC(join(import.meta.dir, "crowd.c"), folder, ["-static"]);
  const namespace = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
  const through = [...namespace, executable, String(PROCESSES), String(TASKS), String(each)];
  await using server = await ServerUnderTest.start(folder, { through });
  startNamedTasks(server, folder, { count: TASKS, prefix: "crowd", pace: 1 });
  await Bun.sleep(SETTLE_MS);
  const outcomes: Outcome[] = [];
  for (const [name, request] of [["show", SHOW_V1], ["status", STATUS_V2]] as const) {
    const { answerMs, ownMs, cpuMs } = await measure(server, request);
    const what = `${each} of a name, ${name}`;
    outcomes.push(
      { what, unit: "ms", values: answerMs },
      highest(`${what}, without waits for a CPU`, ownMs, isHeld ? 100 : undefined),
      // A status is made in several turns of the event loop.
      highest(`${what}, CPU of the main thread`, cpuMs, isHeld && name === "show" ? 30 : undefined),
    );
  }
  return outcomes;
}

export const CROWD: Benchmark = {
  name: "crowd",
  about: "requests to a server with 100 tasks by name, on a host with 8000 processes",
  run: () =>
    inFolder(
      128 * MIB,
      async (folder) => [
        ...await crowd(folder, 1, true),
        ...await crowd(folder, PROCESSES / TASKS, false),
      ],
    ),
};
