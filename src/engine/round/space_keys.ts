import { errorCode } from "../../../ffi/errno.ts";
import { compareSpaces, type SpaceOrder } from "../../../ffi/kcmp.ts";
import type { FoundProcess } from "../../procfs/find_processes.ts";
import { NO_SPACE } from "../../procfs/shared_spaces.ts";

/** A process by what tells it and its address space. */
type SpaceOwner = Pick<FoundProcess, "pid" | "startTicks" | "memoryId">;

/** An address space that tasks know. */
interface Space {
  readonly key: string;
  readonly memoryId: string;
  /** The processes that have it: by process key, their pids. */
  readonly members: Map<string, number>;
}

/** A process that tasks know. */
interface Known {
  readonly space: Space;
  readonly tasks: Set<object>;
}

/** The key of a process in tables. */
export function processKey({ pid, startTicks }: Pick<SpaceOwner, "pid" | "startTicks">): string {
  return `${pid}:${startTicks}`;
}

/** The process that a key is of. */
export function processOfKey(key: string): Pick<SpaceOwner, "pid" | "startTicks"> {
  const [pid, startTicks] = key.split(":");
  return { pid: Number(pid), startTicks: Number(startTicks) };
}

/**
 * Names the address spaces of processes, across tasks: processes with one address space (clone(2)
 * with CLONE_VM, vfork(2)) have one key, that of the first of them. Those with the same memoryId
 * are compared with kcmp(2), each with some of the others: as many as the logarithm of their
 * number. Where the kernel cannot compare, each process has a key of its own.
 */
export class SpaceKeys {
  readonly #compare: (pid: number, other: number) => SpaceOrder;
  /** By process key. */
  readonly #known = new Map<string, Known>();
  /** By task, the keys of the processes that it knows: a task looks only at those. */
  readonly #keysOf = new Map<object, Set<string>>();
  /** By memoryId, the spaces in the order of compare(). */
  readonly #sorted = new Map<string, Space[]>();
  readonly #keys = new Set<string>();

  constructor(compare: (pid: number, other: number) => SpaceOrder = compareSpaces) {
    this.#compare = compare;
  }

  /** The key of a process's address space; the task knows the process from now on. */
  keyOf(process: SpaceOwner, task: object): string {
    const key = processKey(process);
    let known = this.#known.get(key);
    if (known !== undefined && !this.#isStill(known.space, key, process)) {
      this.#forget(key);
      known = undefined;
    }
    if (known === undefined) {
      const space = this.#spaceOf(process);
      space.members.set(key, process.pid);
      known = { space, tasks: new Set() };
      this.#known.set(key, known);
    }
    known.tasks.add(task);
    this.#noteKey(key, task);
    return known.space.key;
  }

  /**
   * Forgets processes that a task does not see any more, unless other tasks do.
   * @param keys process keys of those that it still sees. @returns keys of their address spaces.
   */
  forgetAllBut(keys: ReadonlySet<string>, task: object): Set<string> {
    const spaces = new Set<string>();
    const mine = this.#keysOf.get(task);
    for (const key of mine ?? []) {
      const known = this.#known.get(key);
      const isKnown = known?.tasks.has(task) === true;
      if (isKnown && keys.has(key)) {
        spaces.add(known.space.key);
        continue;
      }
      mine!.delete(key);
      if (isKnown && known.tasks.delete(task) && known.tasks.size === 0) this.#forget(key);
    }
    if (mine?.size === 0) this.#keysOf.delete(task);
    return spaces;
  }

  #noteKey(key: string, task: object): void {
    const keys = this.#keysOf.get(task);
    if (keys === undefined) this.#keysOf.set(task, new Set([key]));
    else keys.add(key);
  }

  /** Whether a process still has the space that it had: it may execute another program. */
  #isStill({ memoryId, members }: Space, key: string, { pid, memoryId: now }: SpaceOwner): boolean {
    if (memoryId !== now) return false;
    for (const [other, otherPid] of members) {
      if (other === key) continue;
      const order = this.#order(pid, otherPid);
      if (order !== undefined) return order === 0;
    }
    return true;
  }

  #forget(key: string): void {
    const space = this.#known.get(key)?.space;
    this.#known.delete(key);
    space?.members.delete(key);
    if (space === undefined || space.members.size > 0) return;
    this.#keys.delete(space.key);
    const sorted = this.#sorted.get(space.memoryId);
    const at = sorted?.indexOf(space) ?? -1;
    if (at >= 0) sorted?.splice(at, 1);
    if (sorted?.length === 0) this.#sorted.delete(space.memoryId);
  }

  /** The space that another process has too, or a new one. */
  #spaceOf(process: SpaceOwner): Space {
    const { pid, memoryId } = process;
    const sorted = this.#sorted.get(memoryId) ?? [];
    let from = 0;
    let to = memoryId === NO_SPACE ? -1 : sorted.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const order = this.#orderTo(pid, sorted[middle]!);
      if (order === 0) return sorted[middle]!;
      if (order === undefined) {
        // One that cannot be compared must not stand where others are looked for.
        if (this.#order(pid, pid) === undefined) to = -1;
        else sorted.splice(middle, 1);
        [from, to] = [0, Math.min(to, sorted.length)];
      } else if (order < 0) {
        to = middle;
      } else {
        from = middle + 1;
      }
    }
    const space = { key: this.#newKey(process), memoryId, members: new Map() };
    if (to < 0) return space;
    sorted.splice(from, 0, space);
    this.#sorted.set(memoryId, sorted);
    return space;
  }

  /** A process that left a space that others still have may have given that its key. */
  #newKey(process: SpaceOwner): string {
    let key = processKey(process);
    while (this.#keys.has(key)) key += "+";
    this.#keys.add(key);
    return key;
  }

  #orderTo(pid: number, { members }: Space): SpaceOrder | undefined {
    for (const other of members.values()) {
      const order = this.#order(pid, other);
      if (order !== undefined) return order;
    }
    return undefined;
  }

  /** @returns undefined when the kernel does not tell: one of them has ended, or it has no kcmp. */
  #order(pid: number, other: number): SpaceOrder | undefined {
    try {
      return this.#compare(pid, other);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return undefined;
    }
  }
}
