import { describe, expect, test } from "bun:test";
import { SystemCallError } from "../../../ffi/errno.ts";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import {
  MovePagesBatch,
  MPOL_MF_MOVE,
  MPOL_MF_MOVE_ALL,
  PAGE_STATUS,
} from "../../../ffi/move_pages.ts";
import { NodeMover } from "../../../src/mover/node_mover.ts";
import { PMD_PAGES } from "../../../src/tracker/huge_page.ts";

const FROM = 2;
const TO = 0;
const EPERM = 1;
const EIO = 5;
const ENOMEM = 12;
const EACCES = 13;
const ENODEV = 19;

/**
 * What a kernel does that has a second node, which few machines have that run tests: `said` is what
 * move_pages(2) stores for each page of the list that is to move, and `nodes` where the pages are
 * then; all others are on FROM. `errnoOf` gives the errno that it ends with, by its flags; 0 for
 * none.
 */
class PlayedBatch extends MovePagesBatch {
  readonly #said: readonly number[];
  readonly #nodes: ReadonlyMap<number, number>;
  readonly #errnoOf: (flags: number) => number;
  #pages: number[] = [];
  #hasMoved = false;

  constructor(
    capacity: number,
    said: readonly number[],
    nodes: ReadonlyMap<number, number>,
    errnoOf: (flags: number) => number,
  ) {
    super(capacity);
    this.#said = said;
    this.#nodes = nodes;
    this.#errnoOf = errnoOf;
  }

  override clear(): void {
    super.clear();
    this.#pages = [];
  }

  override push(address: number): void {
    super.push(address);
    this.#pages.push(address / PAGE_SIZE);
  }

  override locate(): void {
    for (const [i, page] of this.#pages.entries()) {
      this.status[i] = (this.#hasMoved ? this.#nodes.get(page) : undefined) ?? FROM;
    }
  }

  override moveTo(_pid: number, _node: number, flags: number): number {
    this.status.set(this.#said);
    this.#hasMoved = true;
    const errno = this.#errnoOf(flags);
    if (errno !== 0) throw new SystemCallError("move_pages", errno);
    return this.#said.filter((status) => status === PAGE_STATUS.unknown).length;
  }
}

/**
 * Moves units from page 0 on. @returns what became of them, in pages, and which are held for stuck.
 */
function moveUnits(
  pieces: number,
  said: readonly number[],
  arrived: readonly number[],
  errnoOf: (flags: number) => number = () => 0,
  isThere: () => boolean = () => true,
): {
  moved: number;
  refused: Record<string, number>;
  stuck: number[];
} {
  const capacity = Math.max(said.length, pieces);
  const nodes = new Map(arrived.map((page) => [page, TO]));
  const refused: Record<string, number> = {};
  const stuck: number[] = [];
  const batch = new PlayedBatch(capacity, said, nodes, errnoOf);
  const { movedBytes } = new NodeMover(capacity, batch).move({
    pid: 1,
    space: { isThere },
    node: TO,
    pages: Float64Array.from(said, (_, i) => i * pieces),
    from: 0,
    count: said.length,
    pieces,
    pieceBytes: PAGE_SIZE,
    refuse: (reason, bytes) => {
      refused[reason] = (refused[reason] ?? 0) + bytes / PAGE_SIZE;
    },
    stuck: (page) => void stuck.push(page),
  });
  return { moved: movedBytes / PAGE_SIZE, refused, stuck };
}

describe("NodeMover", () => {
  test("move() says once of a huge page that it is stuck", () => {
    const first = Array.from({ length: PMD_PAGES }, (_, i) => i);
    expect(moveUnits(PMD_PAGES, [TO, PAGE_STATUS.busy, PAGE_STATUS.busy], first)).toEqual({
      moved: PMD_PAGES,
      refused: { "busy or pinned": 2 * PMD_PAGES },
      stuck: [PMD_PAGES, 2 * PMD_PAGES],
    });
  });

  test("move() holds none of those for stuck that the kernel has not tried", () => {
    const { busy, shared, unknown } = PAGE_STATUS;
    // Of pages 1 to 3, which it tried to move together, it could not move page 2; behind page 4 it
    // went no further.
    expect(moveUnits(1, [TO, unknown, unknown, unknown, shared, unknown, busy, unknown], [0, 1, 3]))
      .toEqual({
        moved: 3,
        refused: {
          "busy or pinned": 2,
          "shared": 1,
          "not tried, for others were busy or pinned": 2,
        },
        stuck: [2, 4, 6],
      });
    expect(moveUnits(1, [unknown, unknown], [0]).stuck).toEqual([1]);
  });

  test("move() holds nothing for stuck because the node is full", () => {
    const { noMemory, unknown, writeback } = PAGE_STATUS;
    expect(moveUnits(1, [unknown, unknown, TO, unknown], [0, 2], () => ENOMEM)).toEqual({
      moved: 2,
      refused: { "no memory on the node": 2 },
      stuck: [],
    });
    expect(moveUnits(1, [noMemory, writeback, TO], [2])).toEqual({
      moved: 1,
      refused: { "no memory on the node": 1, "dirty and not writable": 1 },
      stuck: [1],
    });
  });

  test("move() holds all for stuck, once, when the kernel refuses the list as a whole", () => {
    const { unknown } = PAGE_STATUS;
    const reasons = {
      [EACCES]: "its cpuset does not allow node 0",
      [ENODEV]: "there is no memory on node 0",
    };
    for (const [errno, reason] of Object.entries(reasons)) {
      expect(moveUnits(1, [unknown, unknown, unknown], [], () => Number(errno))).toEqual({
        moved: 0,
        refused: { [reason]: 3 },
        stuck: [0, 1, 2],
      });
      const huge = moveUnits(PMD_PAGES, [unknown, unknown], [], () => Number(errno));
      expect(huge.stuck).toEqual([0, PMD_PAGES]);
    }
    // Why it failed is not known: it is tried again in the next round.
    expect(moveUnits(1, [unknown], [], () => EIO).stuck).toEqual([]);
  });

  test("move() leaves shared pages where it may not move those of other processes", () => {
    const flags: number[] = [];
    const errnoOf = (one: number): number => {
      flags.push(one);
      return one === MPOL_MF_MOVE_ALL ? EPERM : 0;
    };
    expect(moveUnits(1, [TO, PAGE_STATUS.shared, FROM], [0], errnoOf)).toEqual({
      moved: 1,
      refused: { "shared": 1, "kept by the kernel": 1 },
      stuck: [1],
    });
    expect(flags).toEqual([MPOL_MF_MOVE_ALL, MPOL_MF_MOVE]);
  });

  test("move() asks for nothing of another address space, whenever the process gets that", () => {
    // It looks where the pages are, moves them, moves them without those of others, looks again.
    const asked: string[] = [];
    for (let looks = 0; looks <= 3; looks++) {
      let left = looks;
      let calls = 0;
      const errnoOf = (flags: number): number => {
        calls++;
        return flags === MPOL_MF_MOVE_ALL ? EPERM : 0;
      };
      expect(() => moveUnits(1, [TO, TO], [0, 1], errnoOf, () => left-- > 0)).toThrow("ESRCH");
      asked.push(`${looks} looks: ${calls} moves`);
    }
    expect(asked).toEqual([
      "0 looks: 0 moves",
      "1 looks: 0 moves",
      "2 looks: 1 moves",
      "3 looks: 2 moves",
    ]);
  });
});
