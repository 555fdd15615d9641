import { readFileSync } from "node:fs";
import type { CompressionEstimate, HistogramDocument } from "../../../src/status/histogram.ts";
import { demand, note } from "../guest/demand.ts";
import { processMemory } from "../guest/machine.ts";
import { Server } from "../guest/server.ts";
import {
  MIB,
  slideConfig,
  startProject,
  startTarget,
  stopProject,
  TASK,
} from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

const SIZE = 32 * MIB;
const COLD = SIZE * 7 / 8;
/** So many pages are read for an estimate at most; a tenth of them may come to count as used. */
const SOME_SAMPLED = 100 * 4096;

function swappedOut(): number {
  return Number(/^pswpout (\d+)$/m.exec(readFileSync("/proc/vmstat", "latin1"))?.[1]);
}

async function histogramOf(server: Server): Promise<HistogramDocument> {
  const text = await server.etmem("histogram", "-n", "vm", "--estimate-compression", "--json");
  return JSON.parse(text) as HistogramDocument;
}

/** Where there is no swap space a dry run accounts for what is cold, and reads it unused. */
function dryRunOf(tracker: string): Scenario {
  return {
    name: `dry_run_${tracker}`,
    deadlineSeconds: 300,
    async run() {
      using target = await startTarget({ sizeBytes: SIZE, hot: "first:8", flush: true });
      const server = await Server.start();
      // It finds out what trackers there are, which takes long on a busy host.
      await server.status();
      const before = swappedOut();
      await server.add(slideConfig(target.pid, { project: { tracker, dry_run: "yes" } }));
      await startProject(server);
      const first = await server.untilRounds(TASK, 1);
      demand(first.warnings?.some((text) => text.includes("no swap space")) === true, "no warning");
      const { tasks: [seen] } = await histogramOf(server);
      const third = await server.untilRounds(TASK, 3);
      const { total } = third;
      note({ ...total, out: seen?.out_bytes ?? 0 });
      demand(total.moved_bytes > COLD * 0.95, `${total.moved_bytes} bytes would have moved`);
      demand(total.moved_bytes < COLD + 4 * MIB, `${total.moved_bytes} bytes would have moved`);
      demand(total.came_back_bytes < SOME_SAMPLED, `${total.came_back_bytes} bytes came back`);
      demand((seen?.out_bytes ?? 0) > COLD * 0.95, `${seen?.out_bytes} bytes are out`);
      const { pages = 0 } = (seen?.compression ?? {}) as Partial<CompressionEstimate>;
      demand(pages > 900, `${JSON.stringify(seen?.compression)} was read`);
      demand(swappedOut() === before, `${swappedOut() - before} pages were swapped out`);
      demand(processMemory(target.pid, "VmSwap") === 0, "the target is in swap");
      await stopProject(server);
    },
  };
}

/** Dry runs by each tracker that sees single pages. */
export const dryRun: readonly Scenario[] = ["idle_pages", "page_idle", "page_table"].map(dryRunOf);
