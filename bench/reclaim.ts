import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { errorCode } from "../ffi/errno.ts";
import { PageCounts } from "../src/tracker/page_counts.ts";
import type { Tracker } from "../src/tracker/tracker.ts";
import { type TrackerName, TRACKERS } from "../src/tracker/trackers.ts";
import { OpenProcess } from "../tests/tools/fixtures/open_process.ts";
import { waitFor } from "../tests/tools/fixtures/wait_for.ts";
import { setKernelSwap } from "../tests/vm/guest/machine.ts";
import { MIB, startTarget } from "../tests/vm/guest/slide_trial.ts";
import type { Figure } from "./figure.ts";

const GROUPS = "/sys/fs/cgroup";
const GROUP = `${GROUPS}/limited`;
const MULTI_GEN = "/sys/kernel/mm/lru_gen/enabled";
const SIZE_BYTES = 96 * MIB;
/** Down to where the hot quarter has room, with what else the target needs. */
const HIGH_MIB = [88, 80, 72, 64, 56, 48, 44];
const SCANS_BEFORE = 3;
const RUNS = 3;

/** Looks at the process as a tracker does each time; does nothing without one. */
function scannerOf(process: OpenProcess, name: TrackerName | undefined): () => void {
  const kind = TRACKERS.find((one) => one.name === name);
  let tracker: Tracker | undefined;
  return () => {
    if (kind === undefined) return;
    const counts = tracker === undefined ? null : new PageCounts();
    tracker = kind.create(tracker?.memory());
    const outcome = tracker.scan({
      pid: process.pid,
      dirFd: process.dirFd,
      pagemap: process.pagemap,
      selection: { kind: "swappable" },
      flags: { swapFlag: false, ignoreHost: false },
      stopped: () => false,
    }, counts);
    if (outcome.state !== "scanned") throw new Error(JSON.stringify(outcome));
  };
}

/**
 * Lets the kernel take memory away from a target, step by step, and has a tracker scan it before
 * each step. @returns pages that the target read back, all of them in use.
 */
async function readBack(by: TrackerName | undefined): Promise<number> {
  mkdirSync(GROUP);
  const enter = ["sh", "-c", `echo $$ > ${GROUP}/cgroup.procs && exec "$@"`, "sh"];
  using target = await startTarget({ sizeBytes: SIZE_BYTES, hot: "every:4" }, enter);
  using process = new OpenProcess(target.pid);
  const scan = scannerOf(process, by);
  const cycles = async (): Promise<void> => {
    const before = target.processes()[0]?.cycles ?? 0;
    await waitFor("the target to go on", () => (target.processes()[0]?.cycles ?? 0) > before + 4);
  };
  for (let i = 0; i < SCANS_BEFORE; i++) {
    await cycles();
    scan();
  }
  for (const mib of HIGH_MIB) {
    writeFileSync(`${GROUP}/memory.high`, `${mib}M`);
    await cycles();
    scan();
  }
  await cycles();
  const stat = readFileSync(`${GROUP}/memory.stat`, "utf8");
  target[Symbol.dispose]();
  await target.exited;
  await waitFor("the control group to be empty", removeGroup);
  return Number(/^workingset_refault_anon (\d+)/m.exec(stat)?.[1]);
}

function removeGroup(): boolean {
  try {
    rmdirSync(GROUP);
    return true;
  } catch (error) {
    if (errorCode(error) === "EBUSY") return false;
    throw error;
  }
}

/**
 * What scans do to the kernel's own reclaim.
 * @param multiGen whether the kernel has its multi-generation lists, or the two of old.
 */
export async function measureReclaim(multiGen: boolean): Promise<Figure[]> {
  writeFileSync(MULTI_GEN, multiGen ? "y" : "n");
  writeFileSync(`${GROUPS}/cgroup.subtree_control`, "+memory");
  setKernelSwap(true);
  const alone: number[] = [];
  const trackers: readonly TrackerName[] = ["idle_pages", "page_table", "page_idle", "smaps"];
  const values = trackers.map((): number[] => []);
  for (let run = 0; run < RUNS; run++) {
    alone.push(await readBack(undefined));
    for (const [i, name] of trackers.entries()) values[i]?.push(await readBack(name));
  }
  const lists = multiGen ? "multi-generation lists" : "two lists";
  return trackers.map((name, i) => ({
    what: `${lists}, ${name} scans`,
    unit: "pages",
    values: values[i] ?? [],
    baseline: { name: "no scans", values: alone },
  }));
}
