import { existsSync, readdirSync } from "node:fs";
import { AT_FDCWD, close, O_RDONLY, openAt } from "../../ffi/libc.ts";
import { CGROUP_ROOT, cgroupHierarchies, matchingGroups, membersOf } from "./cgroup_tree.ts";
import { isGone, readRecord, readText } from "./read_file.ts";
import { partBySpace } from "./shared_spaces.ts";
import { type ProcessStat, readProcessStat } from "./process_stat.ts";

/** A process that was found; pid and start time together are never used again. */
export interface FoundProcess {
  readonly pid: number;
  readonly startTicks: number;
  /** ProcessStat.activity */
  readonly activity: string;
  /** ProcessStat.memoryId */
  readonly memoryId: string;
}

/** A process that a query names, whether or not it is one to work on. */
export interface NamedProcess {
  readonly pid: number;
  readonly startTicks: number;
  readonly isKernelThread: boolean;
  /** An etmemd server, or the process of an engine of one. */
  readonly isServer: boolean;
}

/** What looking for processes came to. */
export interface ProcessSearch {
  readonly found: readonly FoundProcess[];
  readonly named: readonly NamedProcess[];
  /** Where they were looked for in control groups. */
  readonly groups?: GroupSearch;
}

/** What looking for control groups came to. */
export interface GroupSearch {
  /** Whether any are mounted that this process knows. */
  readonly areMounted: boolean;
  /** Groups that match. */
  readonly matching: number;
  /** Processes in them that have no pid here. */
  readonly foreign: number;
}

/**
 * Which processes are looked for: one by pid, only if it is the one that started then,
 * all of a name, or all that are in control groups or below them. What the kernel would cut of a
 * name does not count. `path` is a pattern of matchingGroups().
 */
export type ProcessQuery =
  | { readonly type: "pid"; readonly pid: number; readonly startTicks?: number }
  | { readonly type: "name"; readonly comm: string }
  | { readonly type: "cgroup"; readonly path: string };

/** Where procfs and the control groups are mounted. */
export interface SearchRoots {
  readonly proc: string;
  readonly cgroup: string;
}

/** As every Linux host has them. */
export const SEARCH_ROOTS: SearchRoots = { proc: "/proc", cgroup: CGROUP_ROOT };

/** What an etmemd server is called; the processes of its engines are called alike. */
const SERVER_COMM = "etmemd";
const INIT_PID = 1;
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

/** The family of a pid is looked at on the main thread while it is no larger. */
const MOST_NEARBY = 64;

/** A look has to read more than it may. */
class TooMuchToRead extends Error {}

/** Is told which process could not be looked at, and why. */
export type OnUnreadable = (pid: number, error: Error) => void;

interface Process extends ProcessStat {
  readonly pid: number;
}

/** One look at /proc. It keeps what it has read. */
class ProcLook implements Disposable {
  readonly cgroupRoot: string;
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

  /** @param most processes that it may read; without, all. */
  constructor({ proc: root, cgroup }: SearchRoots, most = Infinity) {
    this.cgroupRoot = cgroup;
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

/** Bytes that the kernel keeps of a name (TASK_COMM_LEN of 16 with its NUL). */
const COMM_MAX = 15;
/** As stat is decoded: each byte one character. */
const decoder = new TextDecoder("latin1");

function isServer(comm: string): boolean {
  return comm === SERVER_COMM || comm.startsWith(`${SERVER_COMM}-`);
}

/** What a query is about: processes, and of those in control groups, which groups there are. */
interface Named {
  readonly processes: readonly Process[];
  readonly groups?: GroupSearch;
}

/**
 * The processes of control groups. A pid may be another process by the time that its stat is read,
 * one that is in no such group: so the groups are read again, and what is not in them any more does
 * not count.
 */
function inGroups(pattern: string, look: ProcLook): Named {
  const hierarchies = cgroupHierarchies(look.cgroupRoot);
  const areMounted = hierarchies.length > 0;
  const groups = matchingGroups(pattern, hierarchies);
  if (groups === undefined) {
    return { processes: [], groups: { areMounted, matching: 0, foreign: 0 } };
  }
  const { pids, foreign } = membersOf(groups);
  const processes = [...pids].map((pid) => look.process(pid));
  const { pids: still } = membersOf(groups);
  return {
    processes: processes.filter((one) => one !== undefined).filter(({ pid }) => still.has(pid)),
    groups: { areMounted, matching: groups.paths.length, foreign },
  };
}

function namedBy(query: Exclude<ProcessQuery, { type: "cgroup" }>, look: ProcLook): Process[] {
  if (query.type === "pid") {
    const process = look.processOf(query.pid);
    return process === undefined ? [] : [process];
  }
  const text = decoder.decode(Buffer.from(query.comm).subarray(0, COMM_MAX));
  return look.pidsOf(text).flatMap((pid) => {
    const process = look.process(pid);
    return process?.comm === text ? [process] : [];
  });
}

function isWanted(query: ProcessQuery, { startTicks }: Process): boolean {
  return query.type !== "pid" || query.startTicks === undefined ||
    query.startTicks === startTicks;
}

/** What looking for the processes of one query came to, and who could not be looked at. */
export interface SweptProcesses extends ProcessSearch {
  /**
   * Pids of processes that were found, but have the address space of one before them. They are not
   * among `found`: a scan for one of them clears what a scan for another would see.
   */
  readonly sharers: readonly number[];
  readonly unreadable: readonly { readonly pid: number; readonly error: Error }[];
}

/**
 * Looks for the processes of several queries at once: what they have in common is read once. Finds
 * the processes that a query names and all their descendants (those of pid 1 are not followed),
 * without kernel threads, etmemd servers and what ended. What cannot be looked at is left out. Of a
 * process in a control group, only those descendants count that are in such a group, too.
 * @param roots as far as they are others than SEARCH_ROOTS.
 * @returns in the order of the queries.
 * @throws {SystemCallError} when procfs or a control group cannot be read.
 */
export function sweepProcesses(
  queries: readonly ProcessQuery[],
  roots: Partial<SearchRoots> = {},
): SweptProcesses[] {
  using look = new ProcLook({ ...SEARCH_ROOTS, ...roots });
  return queries.map((query) => sweep(query, look));
}

/**
 * The same for a pid whose descendants are few, which is found fast.
 * @returns undefined when they are not, or what is looked for is no pid.
 * @throws {SystemCallError} when procfs cannot be read.
 */
export function searchNearby(
  query: ProcessQuery,
  roots: SearchRoots = SEARCH_ROOTS,
): SweptProcesses | undefined {
  if (query.type !== "pid") return undefined;
  using look = new ProcLook(roots, MOST_NEARBY);
  try {
    return sweep(query, look);
  } catch (error) {
    if (error instanceof TooMuchToRead) return undefined;
    throw error;
  }
}

/**
 * When the process started that has a pid now, and is a process, not a thread.
 * @returns undefined when there is none, or it cannot be looked at.
 */
export function startTicksOf(pid: number, root = "/proc"): number | undefined {
  using look = new ProcLook({ ...SEARCH_ROOTS, proc: root });
  return look.processOf(pid)?.startTicks;
}

function sweep(query: ProcessQuery, look: ProcLook): SweptProcesses {
  const unreadable: { pid: number; error: Error }[] = [];
  look.begin((pid, error) => unreadable.push({ pid, error }));
  const { found, ...others } = search(query, look);
  const { own, shared } = partBySpace(found);
  return { found: own, sharers: shared.map(({ pid }) => pid), ...others, unreadable };
}

function search(query: ProcessQuery, look: ProcLook): ProcessSearch {
  const seen = new Set<number>();
  const found: FoundProcess[] = [];
  const { processes: named, groups }: Named = query.type === "cgroup"
    ? inGroups(query.path, look)
    : { processes: namedBy(query, look) };
  let generation = named.filter((process) => isWanted(query, process));
  while (generation.length > 0) {
    const parents: Process[] = [];
    for (const process of generation) {
      if (seen.has(process.pid) || process.isKernelThread || isServer(process.comm)) continue;
      seen.add(process.pid);
      const { pid, startTicks, activity, memoryId } = process;
      // The dead may have children: a process is its parent's until that was waited for.
      if (!process.isDead) found.push({ pid, startTicks, activity, memoryId });
      if (pid !== INIT_PID && groups === undefined) parents.push(process);
    }
    generation = parents.length === 0 ? [] : look.childrenOf(parents);
  }
  return {
    found,
    named: named.map(({ pid, startTicks, isKernelThread, comm }) => ({
      pid,
      startTicks,
      isKernelThread,
      isServer: isServer(comm),
    })),
    ...(groups === undefined ? {} : { groups }),
  };
}

/**
 * Finds the processes of one query.
 * @param onUnreadable told of processes that cannot be looked at; they are left out,
 * the others are found.
 * @param root where procfs is mounted.
 * @throws {SystemCallError} when procfs cannot be read.
 */
export function findProcesses(
  query: ProcessQuery,
  onUnreadable: OnUnreadable,
  root = "/proc",
): readonly FoundProcess[] {
  using look = new ProcLook({ ...SEARCH_ROOTS, proc: root });
  look.begin(onUnreadable);
  return search(query, look).found;
}
