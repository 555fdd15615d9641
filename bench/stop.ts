import type { Benchmark } from "./benchmark.ts";
import { IdleTarget } from "./idle_target.ts";
import { inFolder } from "./in_folder.ts";
import { ServerUnderTest } from "./server_under_test.ts";

const MIB = 2 ** 20;
const TIMES = 10;
/** All of it is cold: the round is about to move it. */
const TARGET_BYTES = 256 * MIB;

async function msOf(work: () => Promise<void> | void): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** A server whose task is in the middle of its first round. */
async function startedServer(folder: string, pid: number): Promise<ServerUnderTest> {
  const server = await ServerUnderTest.start(folder);
  server.startTask({ type: "pid", value: pid });
  while (!(await server.task()).rounds.some(({ phases }) => phases.scan_us > 0));
  return server;
}

/** What no test limits: beside other work both take as long as that allows. */
export const STOP: Benchmark = {
  name: "stop",
  about: "a stop in the middle of a round, and SIGTERM there, to the end of the server",
  run: () =>
    inFolder(2 * TARGET_BYTES, async (folder) => {
      const [stops, ends]: [number[], number[]] = [[], []];
      for (let i = 0; i < TIMES; i++) {
        using target = await IdleTarget.start(folder, { vmas: 1, bytes: TARGET_BYTES });
        {
          await using server = await startedServer(folder, target.pid);
          stops.push(await msOf(() => server.stopTask()));
        }
        await using server = await startedServer(folder, target.pid);
        ends.push(await msOf(() => server[Symbol.asyncDispose]()));
      }
      const target = (limit: number) => [{ of: "median", is: "at most", limit } as const];
      return [
        { what: "etmem project stop", unit: "ms", values: stops, targets: target(1000) },
        { what: "SIGTERM to the server's end", unit: "ms", values: ends, targets: target(2000) },
      ];
    }),
};
