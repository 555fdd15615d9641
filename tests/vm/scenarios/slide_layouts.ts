import type { HotLayout, TargetOptions } from "../../tools/fixtures/target.ts";
import { processMemory, setFoldIdle } from "../guest/machine.ts";
import { demand, note } from "../guest/demand.ts";
import { MIB, type SlideKeys, type Trial, trySlide } from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

/** The hot pages are (a) the first eighth, (b) every second, (c) every 16th. */
const LAYOUTS: Readonly<Record<string, HotLayout>> = {
  a: "first:8",
  b: "every:2",
  c: "every:16",
};

/** In what a kind of trial differs from one process and the default configuration. */
interface Variation {
  readonly target?: Partial<TargetOptions>;
  readonly keys?: SlideKeys;
  readonly prepare?: () => void;
  /** What must hold besides. @throws {Error} when it does not. */
  readonly check?: (trial: Trial) => void;
  /** The layouts that are 512 MiB large without FULL_SIZE=1 too. */
  readonly large?: readonly string[];
}

/**
 * A scenario a layout: of 4K pages, the first round judged. In an emulated machine nearly all the
 * time goes by the page, and a quarter of the pages has each pattern in 64 page tables.
 */
export function layouts(what: string, variation: Variation = {}): Scenario[] {
  const children = variation.target?.children ?? 1;
  return Object.entries(LAYOUTS).map(([letter, hot]) => ({
    name: `slide_${what}_${letter}`,
    deadlineSeconds: 300,
    async run(): Promise<void> {
      const isLarge = variation.large?.includes(letter) === true ||
        process.env["FULL_SIZE"] === "1";
      const bytes = (isLarge ? 512 : 128) * MIB;
      variation.prepare?.();
      const options = { sizeBytes: bytes / children, hot, ...variation.target };
      const trial = await trySlide(options, variation.keys);
      variation.check?.(trial);
    },
  }));
}

/**
 * What the server may hold of 512 MiB and of the empty rest of 1 TiB:
 * a byte a page would be 256 MiB.
 */
const SERVER_LIMIT_BYTES = 88 * MIB;

function checkServerMemory({ server }: Trial): void {
  const peak = processMemory(server.pid, "VmHWM");
  note({ serverPeakBytes: peak });
  demand(peak < SERVER_LIMIT_BYTES, `the server's memory grew to ${peak} bytes`);
}

function checkPinned({ task }: Trial): void {
  demand(
    task.tracker === "page_idle" && task.mover === "process_madvise",
    `pinned page_idle and process_madvise, used ${task.tracker} and ${task.mover}`,
  );
}

function checkAutomatic({ task }: Trial): void {
  demand(
    task.tracker === "idle_pages" && task.mover === "swap_pages",
    `idle_pages and swap_pages are there, used ${task.tracker} and ${task.mover}`,
  );
}

export const slideLayouts: readonly Scenario[] = layouts("4k", {
  large: ["a"],
  check: checkAutomatic,
});

export const slideFoldOff: readonly Scenario[] = layouts("fold_off", {
  prepare: () => setFoldIdle(false),
});

export const slideReservation: readonly Scenario[] = layouts("reservation", {
  target: { reserveBytes: 2 ** 40 },
  check: checkServerMemory,
});

export const slideOneThread: readonly Scenario[] = layouts("children_1_thread", {
  target: { children: 8 },
  keys: { task: { max_threads: 1 } },
});

export const slideFourThreads: readonly Scenario[] = layouts("children_4_threads", {
  target: { children: 8 },
  keys: { task: { max_threads: 4 } },
});

export const slidePinned: readonly Scenario[] = layouts("page_idle", {
  keys: { project: { tracker: "page_idle", mover: "process_madvise" } },
  check: checkPinned,
});

/** The guard lets all go that is never used beside a hot set. */
export const slideGuarded: readonly Scenario[] = layouts("guarded", {
  keys: { task: { stall_limit: 0.1 } },
});
