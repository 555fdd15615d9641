import { CpuStay } from "../../../ffi/affinity.ts";
import { SystemCallError } from "../../../ffi/errno.ts";
import { PAGE_SIZE, threadCpuUs } from "../../../ffi/libc.ts";
import { NodeMover } from "../../mover/node_mover.ts";
import { tally } from "../../mover/page_out.ts";
import { Pagemap } from "../../procfs/pagemap.ts";
import { PMD_PAGES } from "../../tracker/huge_page.ts";
import { isGone } from "../../procfs/read_file.ts";
import { messageOf } from "../../text/message_of.ts";
import { NodeRoom } from "./free_memory.ts";
import { POOL } from "./memory_pools.ts";
import { StopFlag } from "../round/stop_flag.ts";
import type { PairStep } from "./pair_step.ts";
import type { MoveList } from "./plan_round.ts";

/** Moved at once: a system call of some ten milliseconds, which a stop has to wait for. */
const BATCH_BYTES = 16 * 2 ** 20;
const BATCH_UNITS = 4096;
/** Less than this goes at once only so many times in a step: moving on page by page would take forever. */
const SMALL_BATCH_BYTES = 256 * 1024;
const SMALL_BATCHES = 64;

const GONE = "process gone";

/** A process whose pages are moved. */
export interface MovedProcess {
  readonly pid: number;
  readonly pagemapFd: number;
  /** The words of its task's StopFlag. */
  readonly stop: Int32Array;
}

/** The work on one pair of nodes. */
export interface MovePairRequest {
  readonly slow: number;
  readonly dram: number;
  /** CPUs that the thread runs on meanwhile. */
  readonly cpus: readonly number[];
  readonly steps: readonly PairStep<MoveList>[];
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
  /** Page numbers of units that the kernel does not let go. */
  readonly stuck: number[];
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

/** A transparent huge page may be split on its way, so each of its base pages is looked for. */
function piecesOf({ unitBytes, pool }: MoveList): { pieces: number; pieceBytes: number } {
  const pieceBytes = pool === POOL.memory ? PAGE_SIZE : unitBytes;
  return { pieces: unitBytes / pieceBytes, pieceBytes };
}

class PairMove {
  readonly #request: MovePairRequest;
  readonly #mover = new NodeMover(Math.max(BATCH_UNITS, PMD_PAGES));
  #rooms: { readonly slow: NodeRoom; readonly dram: NodeRoom } | undefined;
  readonly #pagemaps: readonly Pagemap[];
  readonly #stops: readonly StopFlag[];
  readonly moves: readonly ProcessMoves[];

  constructor(request: MovePairRequest) {
    this.#request = request;
    this.#pagemaps = request.processes.map((process) => new Pagemap(process.pagemapFd));
    this.#stops = request.processes.map((process) => new StopFlag(process.stop));
    this.moves = request.processes.map(() => ({
      asked: 0,
      upHot: 0,
      upCold: 0,
      downHot: 0,
      downCold: 0,
      refused: new Map(),
      stuck: [],
      errors: [],
    }));
  }

  /**
   * Step after step. What finds no room has another turn at the end: of what comes free first, some megabytes may
   * stay in the lists of a CPU, and it is only what comes after them that makes room.
   */
  run(): void {
    const steps = this.#request.steps.map((step): readonly [down: Progress, up: Progress] => [
      new Progress(step.down),
      new Progress(step.up),
    ]);
    for (const [down, up] of steps) this.#alternate(down, up);
    for (const [down, up] of steps) {
      this.#alternate(down, up);
      this.#leave(down, `no free memory on node ${this.#request.slow}`);
      this.#leave(up, `no free memory on node ${this.#request.dram}`);
    }
  }

  /** In turns: a batch down, then as much up as fits, until nothing is left or has room. */
  #alternate(down: Progress, up: Progress): void {
    const both = (leastBytes: number): number =>
      this.#moveBatch(down, "down", leastBytes) + this.#moveBatch(up, "up", leastBytes);
    let smallBatches = 0;
    while (down.current !== undefined || up.current !== undefined) {
      if (both(SMALL_BATCH_BYTES) > 0) continue;
      if (smallBatches++ === SMALL_BATCHES || both(0) === 0) return;
    }
  }

  /** Leaves alone what is left. */
  #leave(progress: Progress, reason: string): void {
    for (let current = progress.current; current !== undefined; current = progress.current) {
      this.#refuse(progress, current.list.page.length - current.at, reason);
    }
  }

  /** Passes over the next units of the list in hand. */
  #refuse(progress: Progress, units: number, reason: string): void {
    const { current } = progress;
    if (current === undefined) return;
    const bytes = units * current.list.unitBytes;
    const moves = this.moves[current.list.process]!;
    moves.asked += bytes;
    tally(moves.refused, reason, bytes);
    progress.advance(units);
  }

  /**
   * @param leastBytes no fewer, unless they are the last of the list.
   * @returns units dealt with, moved or not.
   */
  #moveBatch(progress: Progress, way: "up" | "down", leastBytes: number): number {
    const { current } = progress;
    if (current === undefined) return 0;
    const { list, at } = current;
    const left = list.page.length - at;
    if (this.#stops[list.process]!.isRaised) {
      this.#refuse(progress, left, "stopped");
      return left;
    }
    let room: number;
    try {
      const rooms = this.#rooms ??= {
        slow: new NodeRoom(this.#request.slow),
        dram: new NodeRoom(this.#request.dram),
      };
      room = (way === "up" ? rooms.dram : rooms.slow).bytes(list.pool);
    } catch (error) {
      this.#leave(progress, this.#fail(list.process, error));
      return 0;
    }
    const units = Math.min(
      left,
      BATCH_UNITS,
      Math.max(1, Math.floor(BATCH_BYTES / list.unitBytes)),
      Math.floor(room / list.unitBytes),
    );
    if (units <= 0 || units * list.unitBytes < Math.min(leastBytes, left * list.unitBytes)) {
      return 0;
    }
    const movedBytes = this.#stops[list.process]!.moveUnlessRaised(() =>
      this.#move(list, at, units, way)
    );
    if (movedBytes === undefined) return this.#moveBatch(progress, way, leastBytes);
    const moves = this.moves[list.process]!;
    moves.asked += units * list.unitBytes;
    moves[`${way}${list.hot ? "Hot" : "Cold"}`] += movedBytes;
    this.#rooms?.dram.noteFreed(list.pool, way === "down" ? movedBytes : -movedBytes);
    this.#rooms?.slow.noteFreed(list.pool, way === "up" ? movedBytes : -movedBytes);
    progress.advance(units);
    return units;
  }

  /** @returns why the memory stays. */
  #fail(process: number, error: unknown): string {
    if (isGone(error)) return GONE;
    const message = messageOf(error);
    this.moves[process]!.errors.push(message);
    return message;
  }

  /** @returns bytes moved; it counts the others by reason. */
  #move(list: MoveList, at: number, units: number, way: "up" | "down"): number {
    const { refused, stuck, errors } = this.moves[list.process]!;
    const { pid } = this.#request.processes[list.process]!;
    const refuse = (reason: string, bytes: number): void => tally(refused, reason, bytes);
    const node = way === "up" ? this.#request.dram : this.#request.slow;
    try {
      if (this.#pagemaps[list.process]!.isAlive(list.page[at]!)) {
        const { movedBytes, failure } = this.#mover.move({
          pid,
          node,
          pages: list.page,
          from: at,
          count: units,
          refuse,
          stuck: (page) => void stuck.push(page),
          ...piecesOf(list),
        });
        if (failure !== undefined) errors.push(failure);
        return movedBytes;
      }
      refuse(GONE, units * list.unitBytes);
    } catch (error) {
      const reason = this.#hasEnded(list, at) ? GONE : this.#fail(list.process, error);
      refuse(reason, units * list.unitBytes);
    }
    return 0;
  }

  /** Of a process that is about to end move_pages(2) says EINVAL: it has no memory any more. */
  #hasEnded(list: MoveList, at: number): boolean {
    try {
      return !this.#pagemaps[list.process]!.isAlive(list.page[at]!);
    } catch (error) {
      if (error instanceof SystemCallError) return false;
      throw error;
    }
  }
}

/** Works near the memory where that is allowed: it is faster so, and no more. */
function workNear(cpus: readonly number[], work: () => void): void {
  let stay: CpuStay | undefined;
  const tryTo = (change: () => void): void => {
    try {
      change();
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
    }
  };
  tryTo(() => stay = new CpuStay(cpus));
  try {
    work();
  } finally {
    tryTo(() => stay?.[Symbol.dispose]());
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
  workNear(request.cpus, () => work.run());
  return {
    moves: work.moves,
    us: (performance.now() - begin) * 1000,
    cpuUs: threadCpuUs() - cpu,
  };
}
