import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { SetupError } from "../../demo/setup_error.ts";
import { PAGE_SIZE } from "../../ffi/libc.ts";
import { UsageError } from "../../src/options/usage_error.ts";
import { median } from "../figure.ts";
import { runInVm } from "./in_vm.ts";
import { type Item, itemsOf } from "./item.ts";
import { equalFaultsTable, type Row, tableOf, windowsTable } from "./markdown.ts";
import { runOnHost } from "./on_host.ts";
import { UNTOUCHED } from "./peers.ts";
import { compileProgram } from "./programs.ts";
import { type Columns, columnsOf, medianColumns } from "./row.ts";
import type { NoRun, Run } from "./run.ts";
import { readSettings, type Settings } from "./settings.ts";
import { shapeArguments, type Workload } from "./workload_table.ts";

/** A run, and what it comes to. */
interface Seen {
  readonly item: Item;
  readonly run: Run | NoRun;
  readonly columns?: Columns;
}

/** Has model.c count the faults of an ideal LRU in what is looked at. */
function lruMisses(model: string, settings: Settings, workload: Workload, pages: number): number {
  const last = settings.lastWindows * settings.windowSeconds;
  const numbers = { processes: workload.processes, last, resident: pages };
  const command = [
    model,
    "misses",
    ...shapeArguments(workload, settings),
    ...Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]),
  ];
  const { success, stdout, stderr } = Bun.spawnSync(command);
  if (!success) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
  return Number(stdout.toString());
}

/** Does all runs. @returns what was seen, in the order of the runs. */
async function runAll(settings: Settings): Promise<Seen[]> {
  const folder = mkdtempSync(join(tmpdir(), "etmem-bench-"));
  try {
    const model = compileProgram("model", folder);
    const seen: Seen[] = [];
    const runThere = settings.place === "host" ? runOnHost : runInVm;
    await runThere(itemsOf(settings), settings, (item, run) => {
      const { workload, peer, pass } = item;
      const load = (loadavg()[0] ?? 0).toFixed(1);
      console.error(`${workload.name}, ${peer.name}, pass ${pass + 1}: load average ${load} after`);
      if ("notThere" in run) return void seen.push({ item, run });
      const misses = (pages: number): number => lruMisses(model, settings, workload, pages);
      const columns = columnsOf(run, workload, settings.lastWindows, PAGE_SIZE, misses);
      seen.push({ item, run, columns });
    });
    return seen;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** CPU for a request against that of the untouched workload in the same pass. */
function cpuMore({ item, columns }: Seen, all: readonly Seen[]): number | undefined {
  const alone = all.find((other) =>
    other.item.peer === UNTOUCHED && other.item.workload === item.workload &&
    other.item.pass === item.pass
  )?.columns;
  if (alone === undefined || columns === undefined || item.peer === UNTOUCHED) return undefined;
  return columns.cpuUs / alone.cpuUs - 1;
}

/** The rows of a workload: the medians of its passes. */
function rowsOf(workload: Workload, settings: Settings, all: readonly Seen[]): Row[] {
  return settings.peers.map((peer): Row => {
    const own = all.filter(({ item }) => item.workload === workload && item.peer === peer);
    const { about, family } = peer;
    const columns = own.flatMap((one) => one.columns ?? []);
    const [first] = own;
    if (columns.length === 0) {
      const reason = first !== undefined && "notThere" in first.run ? first.run.notThere : "no run";
      return { about, family, note: `not there: ${reason}` };
    }
    const more = own.flatMap((one) => cpuMore(one, all) ?? []);
    return {
      about,
      family,
      columns: medianColumns(columns),
      cpuMore: more.length === 0 ? undefined : median(more),
      note: first !== undefined && "note" in first.run ? first.run.note : "",
    };
  });
}

function report(settings: Settings, seen: readonly Seen[]): void {
  const { seconds, lastWindows, windowSeconds, passes, seed, place } = settings;
  const where = { host: "this machine", vm: "the test VM", icount: "the test VM with -icount" };
  console.log(
    `${where[place]}; the last ${lastWindows * windowSeconds} s of ${seconds}, ` +
      `${passes} ${passes === 1 ? "pass" : "passes"}, seed ${seed}`,
  );
  for (const workload of settings.workloads) {
    const rows = rowsOf(workload, settings, seen);
    console.log(`\n### ${workload.name}: ${workload.about}\n\n${tableOf(rows)}`);
    const curves = equalFaultsTable(rows);
    if (curves !== undefined) console.log(`\nAt as many faults a second:\n\n${curves}`);
  }
  if (!settings.showWindows) return;
  for (const { item: { workload, peer, pass }, run } of seen) {
    if ("notThere" in run) continue;
    const bytes = workload.processes * workload.pages * PAGE_SIZE;
    console.log(`\n${workload.name}, ${peer.about}, pass ${pass + 1}:\n`);
    console.log(windowsTable(run.windows, windowSeconds, bytes));
  }
}

/**
 * `npm run bench -- workload`: runs workloads beside what takes memory from them, and prints tables
 * in Markdown. @returns the exit status.
 */
export async function benchWorkload(args: readonly string[]): Promise<number> {
  try {
    const settings = readSettings(args);
    if (typeof settings === "string") {
      console.log(settings.trimEnd());
      return 0;
    }
    const seen = await runAll(settings);
    if (settings.json !== undefined) {
      const runs = seen.map(({ item, run }) => ({ pass: item.pass, ...run }));
      writeFileSync(settings.json, `${JSON.stringify(runs)}\n`);
    }
    report(settings, seen);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(error.message);
      return 2;
    }
    if (!(error instanceof SetupError)) throw error;
    console.error(`Cannot measure: ${error.message}`);
    return 1;
  }
}
