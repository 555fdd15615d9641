import { MovedSet, type MovedSetData } from "../../mover/moved_set.ts";
import type { FoundProcess } from "../../procfs/find_processes.ts";
import { unpackMemory } from "./packed_memory.ts";
import type { KeptMemory } from "./scan_step.ts";
import { processKey } from "./space_keys.ts";

/** A process of which pages were moved to swap. */
export interface OutProcess {
  readonly pid: number;
  readonly startTicks: number;
  /** Of its address space then: ProcessStat.memoryId. */
  readonly memoryId: string;
  /** The pages, as far as they were not seen to come back: a bit each, in blocks of 16 MiB. */
  readonly moved: MovedSetData;
}

/**
 * What a task has moved to swap, from its first start to its removal: that of a started task is
 * added when it stops. It is not known to a server that is started later.
 */
export class OutMemory {
  /** By process key. */
  readonly #processes = new Map<string, OutProcess>();

  /** Adds what is remembered of a process at the end of a task's life. */
  keep({ pid, startTicks }: Pick<FoundProcess, "pid" | "startTicks">, kept: KeptMemory): void {
    const { memoryId, moved: data } = unpackMemory(kept);
    const key = processKey({ pid, startTicks });
    const known = this.#processes.get(key);
    const moved = MovedSet.fromData(data);
    moved.forgetFrames();
    // One that executes another program since then has nothing of the former memory.
    if (known?.memoryId === memoryId) moved.addAll(MovedSet.fromData(known.moved));
    if (moved.isEmpty) this.#processes.delete(key);
    else this.#processes.set(key, { pid, startTicks, memoryId, moved: moved.toData() });
  }

  /** Keys of the processes. */
  get keys(): string[] {
    return [...this.#processes.keys()];
  }

  /** Hands out what is known of a process; it is to be put back. */
  take(key: string): OutProcess | undefined {
    const process = this.#processes.get(key);
    this.#processes.delete(key);
    return process;
  }

  /** Takes a process back in, unless nothing of it is out. */
  putBack(process: OutProcess): void {
    const key = processKey(process);
    const known = this.#processes.get(key);
    if (known === undefined) {
      if (process.moved.numbers.length > 0) this.#processes.set(key, process);
      return;
    }
    // A stop has kept more meanwhile.
    if (known.memoryId !== process.memoryId) return;
    const moved = MovedSet.fromData(known.moved);
    moved.addAll(MovedSet.fromData(process.moved));
    this.#processes.set(key, { ...process, moved: moved.toData() });
  }
}
