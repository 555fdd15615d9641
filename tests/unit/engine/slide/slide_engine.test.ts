import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { EngineRefusal } from "../../../../src/engine/engine.ts";
import { machineSupport } from "../../../../src/engine/machine_support.ts";
import { SLIDE } from "../../../../src/engine/slide/slide_engine.ts";
import { noTotal } from "../../../../src/status/task_status.ts";
import { ScratchFolder } from "../../../tools/fixtures/scratch_folder.ts";
import { TemporarySwap } from "../../../tools/fixtures/temporary_swap.ts";
import { messageOf, project, SlideTrial, task } from "./slide_trial.ts";

const MIB = 2 ** 20;
const swap = TemporarySwap.make(4 * MIB);
afterAll(() => swap[Symbol.dispose]());
if (swap.missing !== undefined) {
  console.log(`SlideEngine: left out what needs swap: ${swap.missing}`);
}

const self = { type: "pid", pid: process.pid } as const;

/** Why a start is refused; nothing is started then. */
async function refusalOf(trial: SlideTrial): Promise<string> {
  try {
    await trial.engine.startTask("t");
  } catch (error) {
    expect(error).toBeInstanceOf(EngineRefusal);
    expect(trial.status()).toMatchObject({ started: false, rounds: [] });
    return (error as EngineRefusal).message;
  }
  throw new Error("it was started");
}

describe.skipIf(swap.missing !== undefined)("startTask()", () => {
  test("is refused when a pinned tracker or mover is missing, with the reason", async () => {
    for (const { name, available, reason } of await machineSupport.trackers()) {
      if (available) continue;
      await using trial = await SlideTrial.make(project({ tracker: name }), task(self));
      expect(await refusalOf(trial)).toBe(
        `no tracker can be used (tracker=${name} in [project]): ${name}: ${reason}`,
      );
    }
    for (const { name, available, reason } of machineSupport.movers()) {
      if (available) continue;
      await using trial = await SlideTrial.make(project({ mover: name }), task(self));
      expect(await refusalOf(trial)).toBe(
        `no mover can be used (mover=${name} in [project]): ${name}: ${reason}`,
      );
    }
  });

  test("is refused with dram_percent when the tracker cannot tell pages apart", async () => {
    await using trial = await SlideTrial.make(project(), task(self, { dramPercent: 50 }));
    expect(await refusalOf(trial)).toContain(
      "smaps: dram_percent: it cannot tell which pages are colder than others",
    );
  });

  test("is refused with swap_flag=yes when the tracker does not know the flag", async () => {
    await using trial = await SlideTrial.make(project(), task(self, { swapFlag: true }));
    expect(await refusalOf(trial)).toContain(
      "swap_flag=yes: smaps knows nothing of MADV_SWAPFLAG",
    );
  });

  test("warns of swap cache marks when the mover cannot heed them", async () => {
    const swapcacheWmark = { lowPercent: 1, highPercent: 2 };
    await using trial = await SlideTrial.make(project({ swapcacheWmark }), task(self));
    expect(trial.engine.taskStatus("t")).not.toHaveProperty("warnings");
    await trial.engine.startTask("t");
    expect(trial.engine.taskStatus("t").warnings).toEqual([
      "swapcache_high_wmark and swapcache_low_wmark have no effect: " +
      "only the mover swap_pages can reclaim the swap cache",
    ]);
    await trial.engine.stopTask("t");
    expect(trial.engine.taskStatus("t")).not.toHaveProperty("warnings");
  });
});

/**
 * Runs a command where /proc/meminfo tells of no swap space.
 * @returns how it ended, and what it wrote.
 */
function runWithoutSwap(...command: readonly string[]): { success: boolean; output: string } {
  using folder = new ScratchFolder();
  const fake = folder.at("meminfo");
  const names = ["MemTotal", "MemFree", "MemAvailable"];
  const sizes = names.map((name) => `${name}: 1000000 kB\n`).join("");
  writeFileSync(fake, `${sizes}SwapTotal: 0 kB\nSwapFree: 0 kB\nSwapCached: 0 kB\n`);
  const shell = 'mount --bind "$0" /proc/meminfo && exec "$@"';
  const { success, stdout, stderr } = Bun.spawnSync(
    ["unshare", "--mount", "sh", "-c", shell, fake, ...command],
  );
  return { success, output: stdout.toString() + stderr.toString() };
}

describe("startTask() without swap space", () => {
  const probe = runWithoutSwap("true");
  if (!probe.success) console.log(`startTask() without swap: left out: ${probe.output}`);

  test.skipIf(!probe.success)("is refused, and says what to do; a dry run is not", () => {
    const script = new URL("./start_without_swap.ts", import.meta.url).pathname;
    const lack = "there is no swap space: make some with mkswap and swapon first";
    // Where there is no mover either, the warning says that, too.
    expect(runWithoutSwap(process.execPath, script).output).toStartWith(
      `task t: ${lack}\nstarted: without a dry run it could not start: task t: ${lack}`,
    );
  });
});

describe("SlideEngine", () => {
  test("knows only what was added, and takes only tasks of its own kind", async () => {
    const trial = await SlideTrial.make(project(), task(self));
    expect(trial.status()).toEqual({
      name: "t",
      engine: "slide",
      type: "pid",
      value: String(process.pid),
      started: false,
      total: noTotal(),
      rounds: [],
    });
    expect(() => trial.status("other")).toThrow('Cannot find task "other": not added');
    expect(await messageOf(trial.engine.startTask("other"))).toContain("not added");
    await trial.engine.stopTask("t");
    await trial.engine.removeTask("t");
    expect(() => trial.status()).toThrow(EngineRefusal);
    const cslide = {
      kind: "cslide",
      project: "p",
      engine: "cslide",
      name: "c",
      target: self,
      vmFlags: [],
      anonOnly: false,
      ignHost: false,
    } as const;
    expect(await messageOf(trial.engine.addTask(cslide))).toContain("is not a task of the slide");
  });

  test("has no commands of its own", async () => {
    const { engine } = await SlideTrial.make(project());
    const { signal } = new AbortController();
    const request = {
      command: "showtaskpages",
      json: false,
      write: () => undefined,
      lag: () => undefined,
      signal,
      urgent: signal,
    };
    expect(await messageOf(engine.command(request))).toBe(
      'engine slide has no command "showtaskpages": it has none',
    );
  });

  test("is made of its own description only", async () => {
    const other = {
      kind: "cslide",
      project: "p",
      name: "cslide",
      nodePairs: [],
      hotThreshold: 0,
      nodeMigQuotaMb: 0,
      nodeHotReserveMb: 0,
    } as const;
    expect(await messageOf(SLIDE.create(other, project(), false))).toBe("cslide is not slide");
  });
});
