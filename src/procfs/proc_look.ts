import { existsSync, readdirSync } from "node:fs";
import { AT_FDCWD, close, O_RDONLY, openAt } from "../../ffi/libc.ts";
import { type ProcessStat, readProcessStat } from "./process_stat.ts";
import { isGone, readRecord, readText } from "./read_file.ts";

/** The lists of so few threads are read faster than the folder of all processes. */
const FEW_THREADS = 16;

/** By root, whether the kernel lists the children of a thread (CONFIG_PROC_CHILDREN). */
const listsChildren = new Map<string, boolean>();
/**
 * Start times of processes that were asked for by pid. While such a process lives,
 * its number is that of no thread.
 */
const knownProcesses = new Map<string, number>();
/** So many are remembered. */
const MOST_KNOWN = 1000;

/** A look has to read more than it may. */
export class TooMuchToRead extends Error {}

/** Is told which process could not be looked at, and why. */
export type OnUnreadable = (pid: number, error: Error) => void;

/** A process as a look has found it. */
export interface Process extends ProcessStat {
  readonly pid: number;
}

/**
 * One look at the processes in /proc. It keeps what it has read, so what several queries ask for is
 * read once.
 */
export class ProcLook implements Disposable {
  readonly #root: string;
  readonly #most: number;
  readonly #fd: number;
  readonly #seen = new Map<number, Process | undefined | Error>();
  #pids: number[] | undefined;
  /** By name: all processes that have it. */
  #names: Map<string, number[]> | undefined;
  readonly #nameless: [pid: number, error: Error][] = [];
  #onUnreadable: OnUnreadable = () => {};
  /** Processes that the query which is answered has been told of. */
  readonly #told = new Set<number>();

  /**
   * @param root where procfs is mounted. @param most processes that it may read; without, all.
   * @throws {SystemCallError}
   */
  constructor(root: string, most = Infinity) {
    this.#root = root;
    this.#most = most;
    this.#fd = openAt(AT_FDCWD, root, O_RDONLY);
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }

  /** Begins with another query. @param onUnreadable is told of each process once. */
  begin(onUnreadable: OnUnreadable): void {
    this.#onUnreadable = onUnreadable;
    this.#told.clear();
  }

  #tell(pid: number, error: Error): void {
    if (this.#told.has(pid)) return;
    this.#told.add(pid);
    this.#onUnreadable(pid, error);
  }

  /**
   * Looks at one process; a failure is about that process alone. @returns undefined when it failed.
   */
  #lookAt<T>(pid: number, look: () => T): T | undefined {
    try {
      return look();
    } catch (error) {
      if (!(error instanceof Error) || error instanceof TooMuchToRead) throw error;
      this.#tell(pid, error);
      return undefined;
    }
  }

  /** @throws {TooMuchToRead} unless it may read all. */
  allPids(): number[] {
    if (this.#pids === undefined) {
      if (this.#most < Infinity) throw new TooMuchToRead();
      this.#pids = [];
      for (const name of readdirSync(this.#root)) {
        const pid = Number(name);
        if (pid > 0) this.#pids.push(pid);
      }
    }
    return this.#pids;
  }

  /**
   * All processes of a name, each byte of which is one character: of many only this is read,
   * so it has to be cheap.
   */
  pidsOf(comm: string): readonly number[] {
    const names = this.#names ??= this.#readNames();
    for (const [pid, error] of this.#nameless) this.#tell(pid, error);
    return names.get(comm) ?? [];
  }

  #readNames(): Map<string, number[]> {
    const names = new Map<string, number[]>();
    for (const pid of this.allPids()) {
      try {
        // What can be read of a process that has ended meanwhile is no name.
        const comm = readRecord(this.#fd, `${pid}/comm`)?.slice(0, -1);
        if (comm === undefined) continue;
        const pids = names.get(comm);
        if (pids === undefined) names.set(comm, [pid]);
        else pids.push(pid);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        this.#nameless.push([pid, error]);
      }
    }
    return names;
  }

  /**
   * A process by its number; undefined when it is that of another thread:
   * procfs has hidden folders of them.
   */
  processOf(pid: number): Process | undefined {
    const process = this.process(pid);
    const key = `${this.#root}/${pid}`;
    if (process === undefined || knownProcesses.get(key) === process.startTicks) return process;
    const status = this.#lookAt(pid, () => readText(this.#fd, `${pid}/status`)) ?? "";
    const tgid = /^Tgid:\s*(\d+)$/m.exec(status)?.[1];
    if (tgid !== undefined && Number(tgid) !== pid) return undefined;
    if (tgid !== undefined) {
      if (knownProcesses.size >= MOST_KNOWN) knownProcesses.clear();
      knownProcesses.set(key, process.startTicks);
    }
    return process;
  }

  /** What has a number, a process or a thread. @returns undefined when it cannot be looked at. */
  process(pid: number): Process | undefined {
    let known = this.#seen.get(pid);
    if (known === undefined && !this.#seen.has(pid)) {
      known = this.#readProcess(pid);
      this.#seen.set(pid, known);
    }
    if (!(known instanceof Error)) return known;
    this.#tell(pid, known);
    return undefined;
  }

  #readProcess(pid: number): Process | undefined | Error {
    if (this.#seen.size >= this.#most) throw new TooMuchToRead();
    try {
      const stat = readProcessStat(this.#fd, `${pid}/stat`);
      return stat === undefined ? undefined : { ...stat, pid };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return error;
    }
  }

  /**
   * Children of some processes: by their threads' lists where the kernel has them and it is less to
   * read. A pid that was given to another process meanwhile does not count.
   */
  childrenOf(parents: readonly Process[]): Process[] {
    const threads = parents.reduce((sum, parent) => sum + parent.threads, 0);
    const isLess = threads <= FEW_THREADS || threads <= this.allPids().length;
    const pids = isLess && this.#hasChildrenFiles()
      ? parents.flatMap((parent) => this.#childrenByThread(parent))
      : this.allPids();
    const wanted = new Set(parents.map((parent) => parent.pid));
    return pids.flatMap((pid) => {
      const process = this.process(pid);
      return process !== undefined && wanted.has(process.ppid) ? [process] : [];
    });
  }

  #hasChildrenFiles(): boolean {
    const known = listsChildren.get(this.#root);
    if (known !== undefined) return known;
    const isThere = existsSync(`${this.#root}/${process.pid}/task/${process.pid}/children`);
    listsChildren.set(this.#root, isThere);
    return isThere;
  }

  /** Of CONFIG_PROC_CHILDREN (proc_pid_task_children in proc(5)). */
  #childrenByThread({ pid, threads }: Process): number[] {
    const list = (): number[] =>
      (threads === 1 ? [pid] : this.#threadsOf(pid)).flatMap((thread) => {
        const text = readText(this.#fd, `${pid}/task/${thread}/children`) ?? "";
        return text.split(" ").filter((child) => child !== "").map(Number);
      });
    return this.#lookAt(pid, list) ?? [];
  }

  #threadsOf(pid: number): string[] {
    try {
      return readdirSync(`${this.#root}/${pid}/task`);
    } catch (error) {
      if (isGone(error)) return [];
      throw error;
    }
  }
}
