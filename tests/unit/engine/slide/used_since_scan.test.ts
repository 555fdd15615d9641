import { describe, expect, test } from "bun:test";
import {
  AT_FDCWD,
  close,
  monotonicMs,
  O_RDONLY,
  openAt,
  PAGE_SIZE,
  threadCpuUs,
} from "../../../../ffi/libc.ts";
import {
  UsedSinceScan,
  type UsedSinceScanData,
} from "../../../../src/engine/slide/used_since_scan.ts";
import { readProcessStat } from "../../../../src/procfs/process_stat.ts";
import { PageCounts } from "../../../../src/tracker/page_counts.ts";
import { PAGE_TABLE } from "../../../../src/tracker/tracker_page_table.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import type { Reason } from "../../../../src/reason/reasons.ts";

const PAGE = 2 ** 20;
/** More than a look is good for. */
const OLD_MS = 1001;

/** A process that stands still, and was scanned some time ago; a look finds its first page used. */
class StoppedProcess implements AsyncDisposable {
  readonly #child = Bun.spawn(["sleep", "600"], { stdio: ["ignore", "ignore", "ignore"] });
  readonly #dirFd: number;
  looks = 0;
  /** What each look takes. */
  lookCpuMs = 0;

  constructor() {
    process.kill(this.#child.pid, "SIGSTOP");
    this.#dirFd = openAt(AT_FDCWD, `/proc/${this.#child.pid}`, O_RDONLY);
  }

  /** @param data as a move that has rested knows it. */
  used(
    scannedMs: number,
    faults: number,
    answer?: Reason,
    data?: UsedSinceScanData,
  ): UsedSinceScan {
    return new UsedSinceScan({
      dirFd: this.#dirFd,
      faults,
      scannedMs,
      lookAgain: () => {
        this.looks++;
        const until = threadCpuUs() + 1000 * this.lookCpuMs;
        while (threadCpuUs() < until);
        if (answer !== undefined) return answer;
        const counts = new PageCounts();
        counts.beginScan();
        counts.add(PAGE, 1, 1, false);
        counts.add(PAGE + 1, 3, 0, false);
        counts.endScan();
        return counts;
      },
    }, data);
  }

  /** Waits until it stands still. */
  async faults(): Promise<number> {
    const path = `/proc/${this.#child.pid}/stat`;
    const fields = await waitFor("the process to stop", async () => {
      const text = await Bun.file(path).text();
      const all = text.slice(text.lastIndexOf(")") + 2).split(" ");
      return all[0] === "T" ? all : undefined;
    });
    // minflt and majflt, proc_pid_stat(5)
    return Number(fields[7]) + Number(fields[9]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    close(this.#dirFd);
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

/** A real target that holds still, as it was when page_table has scanned it. */
class ScannedTarget implements Disposable {
  readonly #trial: TargetProcess;
  readonly #tracker = PAGE_TABLE.create(undefined);
  readonly used: UsedSinceScan;

  private constructor(trial: TargetProcess, scannedMs: number) {
    this.#trial = trial;
    // The first one forgets what was accessed before.
    for (const counts of [null, new PageCounts()]) this.#scan(counts);
    const { dirFd } = trial.process;
    const { faults } = readProcessStat(dirFd)!;
    this.used = new UsedSinceScan({ dirFd, faults, scannedMs, lookAgain: () => this.#look() });
  }

  static async start(scannedMs: number): Promise<ScannedTarget> {
    using own = new DisposableStack();
    const trial = own.use(await TargetProcess.start({ hot: "every:2" }));
    await trial.target.command("hold");
    own.move();
    return new ScannedTarget(trial, scannedMs);
  }

  #scan(counts: PageCounts | null): void {
    const { pid, dirFd, pagemap } = this.#trial.process;
    const selection = { kind: "swappable" } as const;
    const flags = { swapFlag: false, ignoreHost: false };
    const target = { pid, dirFd, pagemap, selection, flags, stopped: () => false };
    expect(this.#tracker.scan(target, counts)).toMatchObject({ state: "scanned" });
  }

  #look(): PageCounts {
    const counts = new PageCounts();
    this.#scan(counts);
    return counts;
  }

  /** Has it use every second page again. */
  async touch(): Promise<void> {
    await this.#trial.target.command("go");
    await this.#trial.untilTouched();
  }

  /** Of each page of its area: whether it was used. */
  usedPages(): boolean[] {
    const { start, end } = this.#trial.area;
    const first = start / PAGE_SIZE;
    return Array.from({ length: (end - start) / PAGE_SIZE }, (_, i) => this.used.has(first + i, 1));
  }

  [Symbol.dispose](): void {
    this.#trial[Symbol.dispose]();
  }
}

const noPageTables = PAGE_TABLE.missing();
if (noPageTables !== undefined) console.log(`with page_table: left out: ${noPageTables}`);

describe.skipIf(noPageTables !== undefined)("UsedSinceScan, by page_table", () => {
  test("finds the pages used that were touched since the scan, and no others", async () => {
    using target = await ScannedTarget.start(monotonicMs() - OLD_MS);
    await target.touch();
    expect(target.used.refresh()).toBeUndefined();
    const pages = target.usedPages();
    expect(pages).toEqual(pages.map((_, page) => page % 2 === 0));
  });

  test("finds no page used when none was touched since the scan", async () => {
    using target = await ScannedTarget.start(monotonicMs() - OLD_MS);
    expect(target.used.refresh()).toBeUndefined();
    expect(target.usedPages()).not.toContain(true);
  });
});

describe("UsedSinceScan", () => {
  test("takes what was seen idle less than a second ago for idle", async () => {
    await using target = new StoppedProcess();
    const used = target.used(monotonicMs(), await target.faults());
    expect(used.refresh()).toBeUndefined();
    expect([target.looks, used.has(PAGE, 1)]).toEqual([0, false]);
  });

  test("looks again at what was seen idle a second ago, though there was no page fault", async () => {
    await using target = new StoppedProcess();
    const used = target.used(monotonicMs() - OLD_MS, await target.faults());
    expect(used.refresh()).toBeUndefined();
    expect(target.looks).toBe(1);
    expect([used.has(PAGE, 1), used.has(PAGE, 4), used.has(PAGE + 1, 3)])
      .toEqual([true, true, false]);
    // Now that is known again.
    expect(used.refresh()).toBeUndefined();
    expect(target.looks).toBe(1);
  });

  test("looks again at once after a page fault, and then not at each", async () => {
    await using target = new StoppedProcess();
    const used = target.used(monotonicMs(), await target.faults() - 1);
    expect(used.refresh()).toBeUndefined();
    expect(target.looks).toBe(1);
  });

  test("looks at what is old however soon, and rests before it looks for page faults", async () => {
    await using target = new StoppedProcess();
    const faults = await target.faults();
    const looksAt = (restMs: number, ageMs: number, seenFaults: number): number => {
      const now = monotonicMs();
      const { used } = target.used(now, faults).toData();
      const data = { used, faults: seenFaults, restsUntilMs: now + restMs, seenMs: now - ageMs };
      expect(target.used(now, faults, undefined, data).refresh()).toBeUndefined();
      return target.looks;
    };
    expect(looksAt(600_000, 0, faults - 1)).toBe(0);
    expect(looksAt(0, 0, faults)).toBe(0);
    expect(looksAt(0, 0, faults - 1)).toBe(1);
    expect(looksAt(600_000, OLD_MS, faults)).toBe(2);
  });

  test("has looks for page faults take a tenth of the time at most", async () => {
    await using target = new StoppedProcess();
    target.lookCpuMs = 50;
    const used = target.used(monotonicMs() - OLD_MS, await target.faults());
    const begin = monotonicMs();
    expect(used.refresh()).toBeUndefined();
    expect(used.toData().restsUntilMs).toBeGreaterThanOrEqual(begin + 10 * target.lookCpuMs);
  });

  test("says why it cannot look", async () => {
    await using target = new StoppedProcess();
    const used = target.used(
      monotonicMs() - OLD_MS,
      await target.faults(),
      "process gone" as Reason,
    );
    expect(used.refresh()).toBe("process gone" as Reason);
  });
});
