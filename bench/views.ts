import { join } from "node:path";
import type { Benchmark } from "./benchmark.ts";
import type { Outcome } from "./figure.ts";
import { inFolder } from "./in_folder.ts";
import { startNamedTasks } from "./many_tasks.ts";
import { processCpuSeconds } from "./process_cpu_clock.ts";
import { ServerUnderTest } from "./server_under_test.ts";

const ETMEM = join(import.meta.dir, "../dist/etmem");
const MIB = 2 ** 20;
const TOP_TASKS = 100;
const SCRAPED_TASKS = 500;
/** In which the first rounds end and code is compiled. */
const SETTLE_MS = 10_000;
const RUNS = 5;
const RUN_MS = 10_000;
const SCRAPES = 50;
const SCRAPE_PAUSE_MS = 200;
/** Of processes that are not there. */
const TASKS = { prefix: "views", pace: 10 } as const;
const LISTENS = /http:\S+/;

/** CPU time of a process in percent of one CPU, over a while. */
async function cpuPercent(pids: readonly number[]): Promise<number> {
  const total = () => pids.reduce((sum, pid) => sum + processCpuSeconds(pid), 0);
  const [cpu, begin] = [total(), performance.now()];
  await Bun.sleep(RUN_MS);
  return 100 * (total() - cpu) / ((performance.now() - begin) / 1000);
}

/** `etmem top` on a terminal of 80x24, and what the server spends on it. */
async function top(folder: string): Promise<Outcome[]> {
  await using server = await ServerUnderTest.start(folder);
  startNamedTasks(server, folder, { ...TASKS, count: TOP_TASKS });
  await Bun.sleep(SETTLE_MS);
  const [alone, watched]: [number[], number[]] = [[], []];
  for (let run = 0; run < RUNS; run++) {
    alone.push(await cpuPercent([server.pid]));
    const child = Bun.spawn([ETMEM, "top", "-s", server.socket], {
      terminal: { cols: 80, rows: 24 },
    });
    await Bun.sleep(RUN_MS / 5);
    watched.push(await cpuPercent([server.pid, child.pid]));
    child.kill();
    await child.exited;
  }
  return [{
    what: `top of ${TOP_TASKS} tasks and the server's share of it`,
    unit: "% of a CPU",
    values: watched.map((percent, run) => percent - (alone[run] ?? 0)),
    targets: [{ of: "median", is: "at most", limit: 2 }],
  }];
}

/** Scrapes of `etmem exporter`. */
async function scrapes(folder: string): Promise<Outcome[]> {
  await using server = await ServerUnderTest.start(folder);
  startNamedTasks(server, folder, { ...TASKS, count: SCRAPED_TASKS });
  await Bun.sleep(SETTLE_MS);
  const child = Bun.spawn([ETMEM, "exporter", "--listen", "127.0.0.1:0", "-s", server.socket], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  try {
    const [url = ""] = LISTENS.exec(await firstText(child.stderr)) ?? [];
    const [answerMs, cpuMs]: [number[], number[]] = [[], []];
    const cpu = () => processCpuSeconds(server.pid) + processCpuSeconds(child.pid);
    let lines = 0;
    for (let scrape = 0; scrape < SCRAPES; scrape++) {
      const [begin, spent] = [performance.now(), cpu()];
      const text = await (await fetch(url)).text();
      answerMs.push(performance.now() - begin);
      cpuMs.push(1000 * (cpu() - spent));
      lines = text.split("\n").length;
      await Bun.sleep(SCRAPE_PAUSE_MS);
    }
    const what = `a scrape of ${SCRAPED_TASKS} tasks, ${lines} lines`;
    return [
      { what, unit: "ms", values: answerMs, targets: [{ of: "median", is: "at most", limit: 50 }] },
      { what: `${what}, CPU of exporter and server`, unit: "ms", values: cpuMs },
    ];
  } finally {
    child.kill();
    await child.exited;
  }
}

async function firstText(stream: ReadableStream<Uint8Array>): Promise<string> {
  for await (const bytes of stream) return new TextDecoder().decode(bytes);
  return "";
}

export const VIEWS: Benchmark = {
  name: "views",
  about: "what etmem top and scrapes of etmem exporter cost, with the server's share",
  run: () =>
    inFolder(
      64 * MIB,
      async (folder) => [...await top(folder), ...await scrapes(folder)],
    ),
};
