import { CpuStay } from "../../../ffi/affinity.ts";
import { SystemCallError } from "../../../ffi/errno.ts";
import { PAGE_SIZE, threadCpuUs } from "../../../ffi/libc.ts";
import { NodeMover } from "../../mover/node_mover.ts";
import { tally } from "../../mover/page_out.ts";
import { HeldAddressSpace } from "../../procfs/held_address_space.ts";
import { Pagemap } from "../../procfs/pagemap.ts";
import { isGone } from "../../procfs/read_file.ts";
import { messageOf } from "../../text/message_of.ts";
import { PMD_PAGES } from "../../tracker/huge_page.ts";
import { StopFlag } from "../round/stop_flag.ts";
import { NodeRoom } from "./free_memory.ts";
import { MoveListCursor } from "./move_list_cursor.ts";
import { POOL } from "./memory_pools.ts";
import type { PairStep } from "./pair_step.ts";
import type { MoveList } from "./plan_round.ts";
import { because, type Reason } from "../../reason/reasons.ts";

/** Moved at once: a system call of some ten milliseconds, which a stop has to wait for. */
const BATCH_BYTES = 16 * 2 ** 20;
const BATCH_UNITS = 4096;
/** Less than this goes at once only so many times in a step: page by page it would take forever. */
const SMALL_BATCH_BYTES = 256 * 1024;
const SMALL_BATCHES = 64;

const GONE = because("process_gone");

/** A process whose pages are moved. */
export interface MovedProcess {
  /** Or the id of a thread that lives, where the first has ended; move_pages(2) takes either. */
  readonly pid: number;
  /** Descriptor of the folder of that process or thread. */
  readonly dirFd: number;
  readonly pagemapFd: number;
  /** Of the address space that was scanned: ProcessStat.memoryId. */
  readonly memoryId: string;
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
  readonly refused: Map<Reason, number>;
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

/** To DRAM, or to the slow node. */
type Way = "up" | "down";

/** A transparent huge page may be split on its way, so each of its base pages is looked for. */
function piecesOf({ unitBytes, pool }: MoveList): { pieces: number; pieceBytes: number } {
  const pieceBytes = pool === POOL.memory ? PAGE_SIZE : unitBytes;
  return { pieces: unitBytes / pieceBytes, pieceBytes };
}

/** The most units of a list that go in one batch. */
function batchUnits({ unitBytes }: MoveList, left: number, roomBytes: number): number {
  return Math.min(
    left,
    BATCH_UNITS,
    Math.max(1, Math.floor(BATCH_BYTES / unitBytes)),
    Math.floor(roomBytes / unitBytes),
  );
}

/** The work on one pair of nodes, as it goes on. */
class PairMove {
  readonly #request: MovePairRequest;
  readonly #mover = new NodeMover(Math.max(BATCH_UNITS, PMD_PAGES));
  #rooms: { readonly slow: NodeRoom; readonly dram: NodeRoom } | undefined;
  readonly #spaces: readonly HeldAddressSpace[];
  readonly #stops: readonly StopFlag[];
  readonly moves: readonly ProcessMoves[];

  constructor(request: MovePairRequest) {
    this.#request = request;
    this.#spaces = request.processes.map(({ dirFd, pagemapFd, memoryId }) =>
      new HeldAddressSpace(dirFd, new Pagemap(pagemapFd), memoryId)
    );
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
   * Does the steps one after the other. What finds no room has another turn at the end: the first
   * megabytes that come free may stay in the lists of a CPU, and only what comes free later makes
   * room.
   */
  run(): void {
    const steps = this.#request.steps.map((
      step,
    ): readonly [down: MoveListCursor, up: MoveListCursor] => [
      new MoveListCursor(step.down),
      new MoveListCursor(step.up),
    ]);
    for (const [down, up] of steps) this.#alternate(down, up);
    for (const [down, up] of steps) {
      this.#alternate(down, up);
      this.#leave(down, because("no_free_memory_on_node", String(this.#request.slow)));
      this.#leave(up, because("no_free_memory_on_node", String(this.#request.dram)));
    }
  }

  /** Moves a batch down and a batch up, by turns, until nothing is left or has room. */
  #alternate(down: MoveListCursor, up: MoveListCursor): void {
    const both = (leastBytes: number): number =>
      this.#moveBatch(down, "down", leastBytes) + this.#moveBatch(up, "up", leastBytes);
    let smallBatches = 0;
    while (down.current !== undefined || up.current !== undefined) {
      if (both(SMALL_BATCH_BYTES) > 0) continue;
      if (smallBatches++ === SMALL_BATCHES || both(0) === 0) return;
    }
  }

  /** Leaves alone what is left of the lists. */
  #leave(cursor: MoveListCursor, why: Reason): void {
    for (let current = cursor.current; current !== undefined; current = cursor.current) {
      this.#refuse(cursor, current.list.page.length - current.at, why);
    }
  }

  /** Leaves alone the next units of the list in hand. */
  #refuse(cursor: MoveListCursor, units: number, why: Reason): void {
    const { current } = cursor;
    if (current === undefined) return;
    const bytes = units * current.list.unitBytes;
    const moves = this.moves[current.list.process]!;
    moves.asked += bytes;
    tally(moves.refused, why, bytes);
    cursor.advance(units);
  }

  /**
   * Moves the next units of the list in hand.
   * @param leastBytes the least that moves at once, unless less is left of the list.
   * @returns units dealt with, moved or not.
   */
  #moveBatch(cursor: MoveListCursor, way: Way, leastBytes: number): number {
    const { current } = cursor;
    if (current === undefined) return 0;
    const { list, at } = current;
    const left = list.page.length - at;
    const stop = this.#stops[list.process]!;
    if (stop.isRaised) {
      this.#refuse(cursor, left, because("stopped"));
      return left;
    }
    let roomBytes: number;
    try {
      roomBytes = this.#readRoom(list.pool, way);
    } catch (error) {
      this.#leave(cursor, this.#fail(list.process, error));
      return 0;
    }
    const units = batchUnits(list, left, roomBytes);
    if (units <= 0 || units * list.unitBytes < Math.min(leastBytes, left * list.unitBytes)) {
      return 0;
    }
    const movedBytes = stop.moveUnlessRaised(() => this.#move(list, at, units, way));
    if (movedBytes === undefined) return this.#moveBatch(cursor, way, leastBytes);
    this.#noteMoved(list, way, units, movedBytes);
    cursor.advance(units);
    return units;
  }

  /** Bytes of a pool that can be moved now. @throws {ProcfsError | SystemCallError} */
  #readRoom(pool: number, way: Way): number {
    const rooms = this.#rooms ??= {
      slow: new NodeRoom(this.#request.slow),
      dram: new NodeRoom(this.#request.dram),
    };
    return (way === "up" ? rooms.dram : rooms.slow).bytes(pool);
  }

  #noteMoved(list: MoveList, way: Way, units: number, movedBytes: number): void {
    const moves = this.moves[list.process]!;
    moves.asked += units * list.unitBytes;
    moves[`${way}${list.hot ? "Hot" : "Cold"}`] += movedBytes;
    this.#rooms?.dram.noteFreed(list.pool, way === "down" ? movedBytes : -movedBytes);
    this.#rooms?.slow.noteFreed(list.pool, way === "up" ? movedBytes : -movedBytes);
  }

  /** Takes note of a failure. @returns why the memory stays. */
  #fail(process: number, error: unknown): Reason {
    if (isGone(error)) return GONE;
    const message = messageOf(error);
    this.moves[process]!.errors.push(message);
    return because("failed", message);
  }

  /** Moves units and counts by reason those that stay. @returns bytes moved. */
  #move(list: MoveList, at: number, units: number, way: Way): number {
    const { refused, stuck, errors } = this.moves[list.process]!;
    const { pid } = this.#request.processes[list.process]!;
    const refuse = (why: Reason, bytes: number): void => tally(refused, why, bytes);
    const node = way === "up" ? this.#request.dram : this.#request.slow;
    try {
      const { movedBytes, failure } = this.#mover.move({
        pid,
        space: this.#spaces[list.process]!,
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
    } catch (error) {
      const why = this.#hasEnded(list, at) ? GONE : this.#fail(list.process, error);
      refuse(why, units * list.unitBytes);
    }
    return 0;
  }

  /** move_pages(2) says EINVAL of a process that is about to end: it has no memory any more. */
  #hasEnded(list: MoveList, at: number): boolean {
    try {
      return !this.#spaces[list.process]!.isThere(list.page[at]!);
    } catch (error) {
      if (error instanceof SystemCallError) return false;
      throw error;
    }
  }
}

/** Works on some CPUs, or on any where it may not choose: near the memory it is faster. */
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
 * Carries out the plan for a pair, a batch at a time. Free memory is read again before each batch:
 * where a hugetlb pool is empty, the kernel would allocate a fresh page, and the size of the pool
 * would change for good. A failure ends the work on a list or a batch; what has moved is counted
 * all the same.
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
