import { CpuStay } from "../../../ffi/affinity.ts";
import { SystemCallError } from "../../../ffi/errno.ts";
import { threadCpuUs } from "../../../ffi/libc.ts";
import { NodeMover } from "../../migrate/node_mover.ts";
import { tally } from "../../migrate/page_out.ts";
import { Pagemap } from "../../procfs/pagemap.ts";
import { isGone } from "../../procfs/read_file.ts";
import { roomOf } from "./free_memory.ts";
import type { MoveList, MoveStep } from "./plan_round.ts";

/** Moved at once: a system call of some ten milliseconds, which a stop has to wait for. */
const BATCH_BYTES = 16 * 2 ** 20;
const BATCH_UNITS = 4096;
const GONE = "process gone";

/** A process whose pages are moved. */
export interface MovedProcess {
  readonly pid: number;
  readonly pagemapFd: number;
  /** One shared word of its task: not 0 asks to stop. */
  readonly stop: Int32Array;
}

/** The work on one pair of nodes. */
export interface MovePairRequest {
  readonly slow: number;
  readonly dram: number;
  /** CPUs that the thread runs on meanwhile. */
  readonly cpus: readonly number[];
  readonly steps: readonly MoveStep[];
  readonly processes: readonly MovedProcess[];
}

/** What became of one process, in bytes. */
export interface ProcessMoves {
  asked: number;
  upHot: number;
  upCold: number;
  downHot: number;
  downCold: number;
  readonly refused: Map<string, number>;
  /** What failed: a read, a move as a whole. */
  readonly errors: string[];
}

/** In the order of the processes. */
export interface MovePairReply {
  readonly moves: readonly ProcessMoves[];
  readonly us: number;
  readonly cpuUs: number;
}

/** Where a piece of work stands in its lists. */
class Progress {
  readonly #lists: readonly MoveList[];
  #list = 0;
  #at = 0;

  constructor(lists: readonly MoveList[]) {
    this.#lists = lists;
  }

  /** The list in hand, and the index of its next unit. */
  get current(): { readonly list: MoveList; readonly at: number } | undefined {
    const list = this.#lists[this.#list];
    return list === undefined ? undefined : { list, at: this.#at };
  }

  advance(units: number): void {
    this.#at += units;
    while (this.#list < this.#lists.length && this.#at >= this.#lists[this.#list]!.page.length) {
      this.#list++;
      this.#at = 0;
    }
  }
}

class PairMove {
  readonly #request: MovePairRequest;
  readonly #mover = new NodeMover(BATCH_UNITS);
  readonly #pagemaps: readonly Pagemap[];
  readonly moves: readonly ProcessMoves[];

  constructor(request: MovePairRequest) {
    this.#request = request;
    this.#pagemaps = request.processes.map((process) => new Pagemap(process.pagemapFd));
    this.moves = request.processes.map(() => ({
      asked: 0,
      upHot: 0,
      upCold: 0,
      downHot: 0,
      downCold: 0,
      refused: new Map(),
      errors: [],
    }));
  }

  /** In turns: a batch down, then as much up as fits. */
  run(): void {
    for (const step of this.#request.steps) {
      const down = new Progress(step.down);
      const up = new Progress(step.up);
      while (down.current !== undefined || up.current !== undefined) {
        const sank = this.#moveBatch(down, this.#request.slow, "down");
        const rose = this.#moveBatch(up, this.#request.dram, "up");
        if (sank + rose === 0) {
          this.#leave(down, `no free memory on node ${this.#request.slow}`);
          this.#leave(up, `no free memory on node ${this.#request.dram}`);
        }
      }
    }
  }

  /** Leaves alone what is left. */
  #leave(progress: Progress, reason: string): void {
    for (let current = progress.current; current !== undefined; current = progress.current) {
      const { list, at } = current;
      const bytes = (list.page.length - at) * list.unitBytes;
      const moves = this.moves[list.process]!;
      moves.asked += bytes;
      tally(moves.refused, reason, bytes);
      progress.advance(list.page.length - at);
    }
  }

  /** @returns units dealt with, moved or not. */
  #moveBatch(progress: Progress, node: number, way: "up" | "down"): number {
    const { current } = progress;
    if (current === undefined) return 0;
    const { list, at } = current;
    let room: number;
    try {
      room = roomOf(node, list.pool);
    } catch (error) {
      this.#leave(progress, this.#fail(list.process, error));
      return 0;
    }
    const units = Math.min(
      list.page.length - at,
      BATCH_UNITS,
      Math.max(1, Math.floor(BATCH_BYTES / list.unitBytes)),
      Math.floor(room / list.unitBytes),
    );
    if (units <= 0) return 0;
    this.#move(list, at, units, node, way);
    progress.advance(units);
    return units;
  }

  /** @returns why the memory stays. */
  #fail(process: number, error: unknown): string {
    if (isGone(error)) return GONE;
    const message = error instanceof Error ? error.message : String(error);
    this.moves[process]!.errors.push(message);
    return message;
  }

  #move(list: MoveList, at: number, units: number, node: number, way: "up" | "down"): void {
    const process = this.#request.processes[list.process]!;
    const moves = this.moves[list.process]!;
    const refuse = (reason: string): void => tally(moves.refused, reason, list.unitBytes);
    moves.asked += units * list.unitBytes;
    let moved = 0;
    if (Atomics.load(process.stop, 0) !== 0) {
      tally(moves.refused, "stopped", units * list.unitBytes);
    } else {
      try {
        if (this.#pagemaps[list.process]!.isAlive(list.page[at]!)) {
          const result = this.#mover.move(process.pid, list.page, at, units, node, refuse);
          moved = result.moved;
          if (result.failure !== undefined) moves.errors.push(result.failure);
        } else {
          tally(moves.refused, GONE, units * list.unitBytes);
        }
      } catch (error) {
        tally(moves.refused, this.#fail(list.process, error), units * list.unitBytes);
      }
    }
    const kind = `${way}${list.hot ? "Hot" : "Cold"}` as const;
    moves[kind] += moved * list.unitBytes;
  }
}

/** Keeps the thread near the memory where that is allowed: it is faster so, and no more. */
function stayNear(cpus: readonly number[]): CpuStay | undefined {
  try {
    return new CpuStay(cpus);
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    return undefined;
  }
}

/**
 * Carries out the plan for a pair: hot pages up, cold ones down, a batch at a time. Free memory is read again
 * before each batch: a hugetlb page whose pool is empty would be allocated fresh and change the pools for good.
 * What fails on the way ends the work on a list or a batch, never the account of what has moved.
 */
export function movePair(request: MovePairRequest): MovePairReply {
  const begin = performance.now();
  const cpu = threadCpuUs();
  const work = new PairMove(request);
  {
    using _near = stayNear(request.cpus);
    work.run();
  }
  return {
    moves: work.moves,
    us: (performance.now() - begin) * 1000,
    cpuUs: threadCpuUs() - cpu,
  };
}
