import { CGROUP_ROOT, cgroupHierarchies, matchingGroups, membersOf } from "./cgroup_tree.ts";
import { type OnUnreadable, type Process, ProcLook, TooMuchToRead } from "./proc_look.ts";
import { partBySpace } from "./shared_spaces.ts";

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
/** The family of a pid is looked at on the main thread while it is no larger. */
const MOST_NEARBY = 64;

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
function inGroups(pattern: string, look: ProcLook, cgroupRoot: string): Named {
  const hierarchies = cgroupHierarchies(cgroupRoot);
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
  const { proc, cgroup } = { ...SEARCH_ROOTS, ...roots };
  using look = new ProcLook(proc);
  return queries.map((query) => sweep(query, look, cgroup));
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
  using look = new ProcLook(roots.proc, MOST_NEARBY);
  try {
    return sweep(query, look, roots.cgroup);
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
  using look = new ProcLook(root);
  return look.processOf(pid)?.startTicks;
}

function sweep(query: ProcessQuery, look: ProcLook, cgroupRoot: string): SweptProcesses {
  const unreadable: { pid: number; error: Error }[] = [];
  look.begin((pid, error) => unreadable.push({ pid, error }));
  const { found, ...others } = search(query, look, cgroupRoot);
  const { own, shared } = partBySpace(found);
  return { found: own, sharers: shared.map(({ pid }) => pid), ...others, unreadable };
}

function search(query: ProcessQuery, look: ProcLook, cgroupRoot: string): ProcessSearch {
  const seen = new Set<number>();
  const found: FoundProcess[] = [];
  const { processes: named, groups }: Named = query.type === "cgroup"
    ? inGroups(query.path, look, cgroupRoot)
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
  using look = new ProcLook(root);
  look.begin(onUnreadable);
  return search(query, look, CGROUP_ROOT).found;
}
