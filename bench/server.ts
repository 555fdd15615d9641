import { readdirSync } from "node:fs";
import type { Benchmark } from "./benchmark.ts";
import type { Figure } from "./figure.ts";
import { inFolder } from "./in_folder.ts";
import { IdleTarget } from "./idle_target.ts";
import { processCpuSeconds } from "./process_cpu_clock.ts";
import { sizesOf } from "./process_cost.ts";
import { ServerUnderTest } from "./server_under_test.ts";

const MIB = 2 ** 20;
const MB = 1e6;
const MINUTE_S = 60;
/** For what a server does after its start, and once after a client. */
const SETTLE_MS = 3_000;
/** So many rounds, and there is nothing left to move. */
const SETTLING_ROUNDS = 5;

function once(what: string, unit: string, value: number, limit?: number): Figure {
  const targets = limit === undefined ? [] : [{ of: "median", is: "at most", limit } as const];
  return { what, unit, values: [value], targets };
}

/** CPU time in ms that a server takes in the next minute. */
async function minuteMs(server: ServerUnderTest): Promise<number> {
  const begin = processCpuSeconds(server.pid);
  await Bun.sleep(MINUTE_S * 1000);
  return (processCpuSeconds(server.pid) - begin) * 1000;
}

/** Processes on the host that no task is about; there are many, so that a cost of each shows. */
const BYSTANDERS = 400;

/** Processes that only wait. */
class Bystanders implements Disposable {
  readonly #processes = Array.from(
    { length: BYSTANDERS },
    () => Bun.spawn(["sleep", "3600"], { stdio: ["ignore", "ignore", "ignore"] }),
  );

  [Symbol.dispose](): void {
    for (const process of this.#processes) process.kill("SIGKILL");
  }
}

function processCount(): number {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).length;
}

export const IDLE: Benchmark = {
  name: "idle",
  about: "a server without a project, after one client",
  run: () =>
    inFolder(0, async (folder) => {
      await using server = await ServerUnderTest.start(folder);
      await Bun.sleep(SETTLE_MS);
      const { VmRSS, RssAnon } = sizesOf(server.pid, ["VmRSS", "RssAnon"]);
      return [
        once("idle server, RssAnon", "MB", RssAnon / MB, 12),
        once("idle server, VmRSS", "MB", VmRSS / MB, 42),
        once("idle server, CPU in a minute", "ms", await minuteMs(server), 10),
      ];
    }),
};

export const AFTER_TASK: Benchmark = {
  name: "after-task",
  about: "a server one minute after a task with a target of 512 MiB was stopped",
  run: () =>
    inFolder(640 * MIB, async (folder) => {
      using target = await IdleTarget.start(folder, { vmas: 1, bytes: 512 * MIB });
      await using server = await ServerUnderTest.start(folder);
      server.startTask({ type: "pid", value: target.pid });
      const { moved_bytes: moved } = (await server.untilRounds(2)).total;
      const busy = sizesOf(server.pid, ["VmRSS"]).VmRSS;
      server.stopTask();
      await Bun.sleep(MINUTE_S * 1000);
      return [
        once("512 MiB target, moved", "MB", moved / MB),
        once("512 MiB target, VmRSS at work", "MB", busy / MB),
        once(
          "512 MiB target, VmRSS a minute after",
          "MB",
          sizesOf(server.pid, ["VmRSS"]).VmRSS / MB,
          60,
        ),
      ];
    }),
};

/** CPU time in ms, and rounds, of the next minute of a started task. */
async function taskMinute(
  server: ServerUnderTest,
): Promise<{ readonly cpuMs: number; readonly rounds: number }> {
  const before = await server.untilRounds(SETTLING_ROUNDS);
  const cpuMs = await minuteMs(server);
  return { cpuMs, rounds: (await server.task()).total.rounds - before.total.rounds };
}

export const TASK: Benchmark = {
  name: "task",
  about: "a started task (loop, interval, sleep 1) on an idle target of 64 MiB in 100 VMAs",
  run: () =>
    inFolder(128 * MIB, async (folder) => {
      const name = "bench-target";
      using _bystanders = new Bystanders();
      using target = await IdleTarget.start(folder, { vmas: 100, bytes: 64 * MIB, name });
      await using byPid = await ServerUnderTest.start(folder);
      byPid.startTask({ type: "pid", value: target.pid });
      const pid = await taskMinute(byPid);
      const tracker = (await byPid.task()).tracker ?? "";
      byPid.stopTask();
      await using byName = await ServerUnderTest.start(folder);
      byName.startTask({ type: "name", value: name });
      const comm = await taskMinute(byName);
      const processes = processCount();
      const extraUs = ((comm.cpuMs - pid.cpuMs * (comm.rounds / pid.rounds)) * 1000) /
        (processes * comm.rounds);
      return [
        once(`type=pid, ${tracker}, CPU in a minute`, "ms", pid.cpuMs, 60),
        once(`type=pid, ${tracker}, rounds in a minute`, "", pid.rounds),
        once(`type=name, ${tracker}, CPU in a minute`, "ms", comm.cpuMs),
        once(`type=name, extra per process of ${processes} and round`, "us", extraUs, 10),
      ];
    }),
};

export const WORKERS: Benchmark = {
  name: "workers",
  about: "memory of a server with 1 and with 4 workers that have scanned a small process each",
  run: () =>
    inFolder(128 * MIB, async (folder) => {
      const name = "bench-workers";
      const targets = await Promise.all(
        Array.from({ length: 4 }, () => IdleTarget.start(folder, { vmas: 1, bytes: MIB, name })),
      );
      try {
        const [one, four] = [
          await withWorkers(folder, name, 1),
          await withWorkers(folder, name, 4),
        ];
        const each = (four.bytes - one.bytes) / (four.workers - one.workers);
        return [once("a worker more, RssAnon", "MB", each / MB, 6)];
      } finally {
        for (const target of targets) target[Symbol.dispose]();
      }
    }),
};

async function withWorkers(
  folder: string,
  name: string,
  threads: number,
): Promise<{ readonly bytes: number; readonly workers: number }> {
  await using server = await ServerUnderTest.start(folder);
  server.startTask({ type: "name", value: name, max_threads: threads });
  await server.untilRounds(SETTLING_ROUNDS);
  const { workers, rss_anon_bytes: bytes } = (await server.status()).server;
  return { bytes, workers };
}
