import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { PAGE_TABLE } from "../../src/tracker/tracker_page_table.ts";
import { compile } from "../tools/fixtures/compile.ts";
import { Forker } from "../tools/fixtures/forker.ts";
import { OwnCgroup } from "../tools/fixtures/own_cgroup.ts";
import type { TargetOptions } from "../tools/fixtures/target.ts";
import { TargetProcess } from "../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { processMemory, slideFile, SlideServer } from "./slide_server.ts";

const MIB = 2 ** 20;
const CHILDREN_PER_SECOND = 1000;
const QUIET = { sizeBytes: 16 * MIB, hot: "first:8" } as const satisfies Partial<TargetOptions>;
/** A few pages wait in a CPU's batch for the LRU lists, and cannot be reclaimed. */
const COLD_BYTES = QUIET.sizeBytes * 7 / 8 * 0.98;

const swap = TemporarySwap.make(64 * MIB);
const missing = swap.missing ?? PAGE_TABLE.missing();
if (missing !== undefined) console.log(`a group that forks: left out: ${missing}`);
afterAll(() => swap[Symbol.dispose]());

function configOf(group: string): string {
  return slideFile("forks", { pid: 1 })
    .replace("loop=1", "loop=2")
    .replace("tracker=smaps", "tracker=page_table")
    .replace("type=pid\nvalue=1", `type=cgroup\nvalue=${group}`);
}

async function quietIn(group: OwnCgroup): Promise<TargetProcess> {
  const target = await TargetProcess.start(QUIET);
  group.add(target.pid);
  return target;
}

/** Children a second that come while something goes on. */
async function rateDuring(forker: Forker, work: () => Promise<unknown>): Promise<number> {
  const [before, begin] = [await forker.made(), performance.now()];
  await work();
  return (await forker.made() - before) / (performance.now() - begin) * 1000;
}

describe.skipIf(missing !== undefined)("a control group that forks all the time", () => {
  test("a process of it is served within a round of its coming, and none is harmed", async () => {
    await using group = OwnCgroup.make(2) ?? OwnCgroup.make(1);
    if (group === undefined) return console.log("a group that forks: left out: no control groups");
    using one = await quietIn(group);
    using two = await quietIn(group);
    const program = compile(join(import.meta.dir, "../tools/fixtures/forker.c"));
    using forker = await Forker.start([program], CHILDREN_PER_SECOND);
    group.add(forker.pid);
    await using server = await SlideServer.launch();
    const alone = await rateDuring(forker, () => Bun.sleep(1000));
    const isOut = ({ pid }: TargetProcess): boolean => processMemory(pid, "VmSwap") >= COLD_BYTES;
    const descriptors = (): number => readdirSync(`/proc/${server.pid}/fd`).length;

    let early = 0;
    const watched = await rateDuring(forker, async () => {
      await server.add("forks", configOf(group.path));
      await server.untilRound(
        "forks",
        "1",
        ({ state, number }) => state === "done" && number === 1,
      );
      expect([isOut(one), isOut(two)]).toEqual([true, true]);
      early = descriptors();
    });
    using three = await quietIn(group);
    const running = (await server.task("forks")).rounds[0]!.number;
    await server.untilRound(
      "forks",
      "after the next one",
      ({ state, number }) => state === "done" && number === running + 1,
    );
    expect(isOut(three)).toBe(true);
    await waitFor("as few descriptors as before", () => descriptors() <= early);
    const { failed, rounds } = await server.task("forks");
    expect(failed).toBeUndefined();
    for (const { state, processes, scan_errors: errors } of rounds) {
      if (state !== "done") continue;
      expect(errors).toBe(0);
      expect(processes).toBeGreaterThanOrEqual(3);
    }
    console.log(`children a second: ${alone.toFixed(0)}, watched ${watched.toFixed(0)}`);
    for (const { target } of [one, two, three]) {
      expect(await target.verify()).toBe(0);
    }
    await server.stop("forks");
  });
});
