import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { PAGE_BYTES } from "../guest/address_space.ts";
import { meminfo, processMemory, setKernelSwap, swapOnZram } from "../guest/machine.ts";
import { Server } from "../guest/server.ts";
import { demand, note } from "../guest/demand.ts";
import {
  GIB,
  MIB,
  roundOf,
  slideConfig,
  startProject,
  startTarget,
  stopProject,
  swappedPages,
  TASK,
} from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

/** swap_flag=yes: only what the process marked with madvise(MADV_SWAPFLAG) goes. */
const swapFlag: Scenario = {
  name: "slide_swap_flag",
  deadlineSeconds: 300,
  async run() {
    const size = 128 * MIB;
    swapOnZram(512);
    setKernelSwap(false);
    using target = await startTarget({ sizeBytes: size, hot: "every:16", mark: 4 });
    const server = await Server.start();
    await server.add(slideConfig(target.pid, { task: { swap_flag: "yes" } }));
    await startProject(server);
    const task = await server.untilRounds(TASK, 1);
    await stopProject(server);
    const [area] = target.processes();
    demand(area !== undefined, "the target has no area");
    const marked = { ...area, sizeBytes: size / 4 };
    const { cold } = swappedPages(target, marked);
    const all = swappedPages(target, area);
    const coldPages = ((size / 4 / PAGE_BYTES) * 15) / 16;
    demand(cold >= coldPages * 0.999, `only ${cold} of ${coldPages} marked cold pages are in swap`);
    demand(all.cold === cold, `${all.cold - cold} pages that were not marked are in swap`);
    demand(all.hot === 0, `${all.hot} hot pages are in swap`);
    const { asked_bytes: asked } = roundOf(task, 1);
    demand(asked <= size / 4, `${asked} bytes were asked to move, ${size / 4} were marked`);
    const bad = await target.verify();
    demand(bad === 0, `the contents of ${bad} pages are wrong`);
  },
};

/** The share of memory that is available, in percent. */
function available(): number {
  return (meminfo("MemAvailable") / meminfo("MemTotal")) * 100;
}

/** sysmem_threshold: nothing goes while enough memory is available, and from then on it does. */
const sysmemThreshold: Scenario = {
  name: "slide_sysmem_threshold",
  deadlineSeconds: 300,
  async run() {
    const size = 128 * MIB;
    swapOnZram(1024);
    setKernelSwap(false);
    using target = await startTarget({ sizeBytes: size });
    const server = await Server.start();
    const threshold = Math.floor(available()) - 12;
    const project = { loop: 1, sysmem_threshold: threshold };
    await server.add(slideConfig(target.pid, { project }));
    await startProject(server);

    const held = await server.untilRounds(TASK, 2);
    demand(held.total.asked_bytes === 0, `asked to move above the threshold: ${threshold} %`);
    demand(available() > threshold, "the machine itself went below the threshold");

    const hog = await startTarget({ sizeBytes: 640 * MIB, huge: true });
    demand(
      available() < threshold,
      `${available()} % are available, ${threshold} were to be undercut`,
    );
    const [area] = target.processes();
    demand(area !== undefined, "the target has no area");
    await waitFor("memory to go once the threshold is undercut", () => {
      return swappedPages(target, area).cold >= (size / PAGE_BYTES) * 0.9;
    });

    hog[Symbol.dispose]();
    await hog.exited;
    await waitFor("enough memory to be available again", () => available() > threshold);
    const running = (await server.task(TASK)).rounds[0]?.number ?? 0;
    await server.untilRounds(TASK, running);
    demand(await target.verify() === 0, "the contents of pages are wrong");
    const before = (await server.task(TASK)).total.asked_bytes;
    const next = (await server.task(TASK)).rounds[0]?.number ?? 0;
    const after = await server.untilRounds(TASK, next + 2);
    demand(after.total.asked_bytes === before, "asked to move when the threshold held back again");
    demand(swappedPages(target, area).cold === 0, "pages went although the threshold held back");
    await stopProject(server);
  },
};

/** swap_threshold: of two processes of a name, only the one with more than 1 GiB resident goes. */
const swapThreshold: Scenario = {
  name: "slide_swap_threshold",
  deadlineSeconds: 300,
  async run() {
    const [small, large] = [64 * MIB, 1088 * MIB];
    swapOnZram(1536);
    setKernelSwap(false);
    using below = await startTarget({ sizeBytes: small, name: "threshold_test" });
    using above = await startTarget({ sizeBytes: large, huge: true, name: "threshold_test" });
    demand(processMemory(above.pid, "VmRSS") > GIB, "the large target is not large enough");
    const server = await Server.start();
    const task = { type: "name", value: "threshold_test", swap_threshold: "1g", max_threads: 2 };
    await server.add(slideConfig(0, { project: { loop: 1 }, task }));
    await startProject(server);
    const status = await server.untilRounds(TASK, 1);
    note({ ...roundOf(status, 1) });
    const [smallArea] = below.processes();
    const [largeArea] = above.processes();
    demand(smallArea !== undefined && largeArea !== undefined, "a target has no area");
    const gone = swappedPages(above, largeArea).cold;
    demand(gone > 0, "nothing of the process above the threshold is in swap");
    const kept = swappedPages(below, smallArea).cold;
    demand(kept === 0, `${kept} pages of the process below the threshold are in swap`);
    await server.untilRounds(TASK, 3);
    demand(
      swappedPages(below, smallArea).cold === 0,
      "pages of the process below the threshold went in a later round",
    );
    await stopProject(server);
  },
};

export const slideConditions: readonly Scenario[] = [swapFlag, sysmemThreshold, swapThreshold];
