import { describe, expect, test } from "bun:test";
import { PAGE_SIZE } from "../../ffi/libc.ts";
import { MovePagesBatch, PAGE_STATUS } from "../../ffi/move_pages.ts";
import { NodeMover } from "../../src/migrate/node_mover.ts";
import { PMD_PAGES } from "../../src/scan/page_size.ts";

const FROM = 2;
const TO = 0;

/**
 * What a kernel does that has a second node, which few machines have that run tests: `said` is what move_pages(2)
 * stores for each page of the list that is to move, and `nodes` where the pages are then; all others are on FROM.
 */
class PlayedBatch extends MovePagesBatch {
  readonly #said: readonly number[];
  readonly #nodes: ReadonlyMap<number, number>;
  #pages: number[] = [];
  #hasMoved = false;

  constructor(capacity: number, said: readonly number[], nodes: ReadonlyMap<number, number>) {
    super(capacity);
    this.#said = said;
    this.#nodes = nodes;
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

  override moveTo(): number {
    this.status.set(this.#said);
    this.#hasMoved = true;
    return this.#said.filter((status) => status === PAGE_STATUS.unknown).length;
  }
}

/** Moves units from page 0 on. @returns what became of them, in pages, and which are held for stuck. */
function moveUnits(pieces: number, said: readonly number[], arrived: readonly number[]): {
  moved: number;
  refused: Record<string, number>;
  stuck: number[];
} {
  const capacity = Math.max(said.length, pieces);
  const nodes = new Map(arrived.map((page) => [page, TO]));
  const refused: Record<string, number> = {};
  const stuck: number[] = [];
  const { movedBytes } = new NodeMover(capacity, new PlayedBatch(capacity, said, nodes)).move({
    pid: 1,
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
});
