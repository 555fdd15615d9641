import { expect, test } from "bun:test";
import { PAGE_SIZE } from "../../ffi/libc.ts";
import { pageOf } from "../../src/procfs/pagemap.ts";
import { PAGE_TABLE } from "../../src/tracker/tracker_page_table.ts";
import type { HotLayout } from "../tools/fixtures/target.ts";
import { TargetProcess } from "../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { expectAccount, slideFile, SlideServer } from "./slide_server.ts";

const MIB = 2 ** 20;
/** ETMEM_TARGET_MIB=512 is what docs/page_table.md has figures of. */
const SIZE_MIB = Number(process.env["ETMEM_TARGET_MIB"] ?? 64);
const LAYOUTS = ["first:8", "every:2", "every:16"] as const;
const missing = PAGE_TABLE.missing();
if (missing !== undefined) console.log(`slide by page_table: left out: ${missing}`);

function isHot(layout: HotLayout, page: number, pages: number): boolean {
  const [kind, divisor] = layout.split(":");
  return kind === "first" ? page < pages / Number(divisor) : page % Number(divisor) === 0;
}

/** Parts of the target's pages that are in swap: of those in use, and of the others. */
function swapped({ area, process }: TargetProcess, layout: HotLayout): Record<string, number> {
  const from = pageOf(area.start);
  const pages = pageOf(area.end) - from;
  const [out, all] = [{ hot: 0, cold: 0 }, { hot: 0, cold: 0 }];
  for (let page = 0; page < pages; page++) {
    if (!process.pagemap.holds(from + page)) process.pagemap.load(from + page, from + pages);
    const kind = isHot(layout, page, pages) ? "hot" : "cold";
    all[kind]++;
    if (process.pagemap.isSwapped(from + page)) out[kind]++;
  }
  return { hot: out.hot / all.hot, cold: out.cold / all.cold };
}

/** Has a target's memory moved. */
async function expectColdMoved(server: SlideServer, hot: HotLayout): Promise<void> {
  using trial = await TargetProcess.start({ sizeBytes: SIZE_MIB * MIB, hot });
  const project = hot.replace(":", "_");
  const text = slideFile(project, { pid: trial.pid })
    .replace("loop=1", "loop=3").replace("tracker=smaps", "tracker=page_table");
  const faultsBefore = trial.target.processes()[0]!.majorFaults;
  await server.add(project, text);
  const round = await server.untilRound(project, "that is over", (one) => one.state === "done");
  await server.stop(project);
  expectAccount(round);
  const out = swapped(trial, hot);
  const [process] = trial.target.processes();
  // A hot page that was moved comes back by a major fault, if it is back already.
  const returned = (process!.majorFaults - faultsBefore) / process!.hotPages;
  console.log(`${hot}: cold out ${out["cold"]}, hot out ${out["hot"]}, returned ${returned}`);
  expect(out["cold"]).toBeGreaterThanOrEqual(0.999);
  expect(out["hot"]! + returned).toBeLessThanOrEqual(0.001);
  expect(process!.wrongTouches).toBe(0);
  expect(SIZE_MIB * MIB - round.moved_bytes).toBeLessThan(process!.hotPages * PAGE_SIZE + MIB);
}

test.skipIf(missing !== undefined)(
  "slide moves what is not used and nothing else, however the two are mixed",
  async () => {
    using swap = TemporarySwap.make(4 * SIZE_MIB * MIB);
    if (swap.missing !== undefined) return console.log(`slide by page_table: ${swap.missing}`);
    await using server = await SlideServer.launch();
    await Promise.all(LAYOUTS.map((hot) => expectColdMoved(server, hot)));
  },
  300_000,
);
