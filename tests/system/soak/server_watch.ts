import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { AT_FDCWD } from "../../../ffi/libc.ts";
import { readProcessStat } from "../../../src/procfs/process_stat.ts";
import type { Sample } from "./judge_growth.ts";

/** Looks at a server from outside, again and again. */
export class ServerWatch {
  readonly pid: number;
  readonly rssAnon: Sample[] = [];
  /**
   * Cumulative: when, and how long all its threads had computed or waited for a processor by then.
   */
  readonly #busy: { readonly atMs: number; readonly busyMs: number }[] = [];
  readonly #threads = new Map<string, number>();
  #busyMs = 0;
  rssBytes = 0;
  descriptors = 0;
  highestDescriptors = 0;
  highestThreads = 0;
  highestRssAnon = 0;
  cpuMs = 0;
  readonly faults: string[] = [];

  constructor(pid: number) {
    this.pid = pid;
  }

  look(): void {
    const atMs = Date.now();
    const status = readFileSync(`/proc/${this.pid}/status`, "latin1");
    const kib = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
    const bytes = kib("RssAnon");
    this.rssAnon.push({ atMs, bytes });
    this.highestRssAnon = Math.max(this.highestRssAnon, bytes);
    this.rssBytes = kib("VmRSS");
    this.descriptors = readdirSync(`/proc/${this.pid}/fd`).length;
    this.highestDescriptors = Math.max(this.highestDescriptors, this.descriptors);
    this.#lookAtThreads();
    this.#busy.push({ atMs, busyMs: this.#busyMs });
    for (const child of this.children()) {
      const { isDead = false } = readProcessStat(AT_FDCWD, `/proc/${child}/stat`) ?? {};
      if (isDead) this.faults.push(`process ${child} is a zombie`);
    }
  }

  /** Time on a processor and time waiting for one (Documentation/scheduler/sched-stats.rst). */
  #lookAtThreads(): void {
    const threads = readdirSync(`/proc/${this.pid}/task`);
    this.highestThreads = Math.max(this.highestThreads, threads.length);
    for (const thread of threads) {
      let text: string;
      try {
        text = readFileSync(`/proc/${this.pid}/task/${thread}/schedstat`, "latin1");
      } catch {
        continue; // it has just ended
      }
      const [run = 0, wait = 0] = text.split(" ").map((value) => Number(value) / 1e6);
      const known = this.#threads.get(thread) ?? 0;
      // less: the number was given to another thread
      this.#busyMs += run + wait >= known ? run + wait - known : run + wait;
      this.#threads.set(thread, run + wait);
    }
  }

  /**
   * How long the threads computed or waited for a processor between two times of day,
   * or a little longer.
   */
  readonly delay = (fromMs: number, toMs: number): number => {
    const before = this.#busy.findLast(({ atMs }) => atMs <= fromMs)?.busyMs ?? 0;
    const after = this.#busy.find(({ atMs }) => atMs >= toMs)?.busyMs ?? this.#busyMs;
    return after - before;
  };

  /** Its child processes. */
  children(): number[] {
    return readdirSync(`/proc/${this.pid}/task`).flatMap((thread) => {
      try {
        const text = readFileSync(`/proc/${this.pid}/task/${thread}/children`, "latin1");
        return text.trim().split(" ").filter((pid) => pid !== "").map(Number);
      } catch {
        return []; // it has just ended
      }
    });
  }

  /** What its descriptors refer to, without the numbers. */
  openKinds(): string[] {
    return readdirSync(`/proc/${this.pid}/fd`).flatMap((fd) => {
      try {
        const link = readlinkSync(`/proc/${this.pid}/fd/${fd}`);
        return [link.replace(/^(socket|pipe):\[\d+\]$/, "$1").replace(/^\/proc\/\d+/, "/proc/PID")];
      } catch {
        return []; // it has just been closed
      }
    }).sort();
  }
}
