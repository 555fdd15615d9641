import { describe, expect, test } from "bun:test";
import { PAGE_SIZE } from "../../ffi/libc.ts";
import { NodeMover } from "../../src/migrate/node_mover.ts";
import { readNodes } from "../../src/procfs/nodes.ts";
import { PageCounts } from "../../src/scan/page_counts.ts";
import { SMAPS } from "../../src/scan/tracker_smaps.ts";
import { type LocateInput, locatePages, UNIT } from "../../src/worker/locate_pages.ts";
import { TargetProcess } from "../fixtures/target_process.ts";

const nodes = readNodes().filter((node) => node.hasMemory).map((node) => node.id);

/** What the smaps tracker finds in a target, to be located. */
function inputFor(trial: TargetProcess, more: Partial<LocateInput> = {}): LocateInput {
  const { dirFd, pagemap } = trial.process;
  const tracker = SMAPS.create(undefined);
  const counts = new PageCounts();
  tracker.scan({
    dirFd,
    pagemap,
    selection: { kind: "swappable" },
    flags: { swapFlag: false, ignoreHost: false },
    stopped: () => false,
  }, counts);
  return { pid: trial.pid, dirFd, pagemap, counts, stopped: () => false, ...more };
}

describe("locatePages()", () => {
  test("tells the node of every page that is present", async () => {
    using trial = await TargetProcess.start();
    const located = locatePages(inputFor(trial));
    if (typeof located === "string") throw new Error(located);
    const { start, end } = trial.area;
    const inside = [...located.page.keys()].filter((i) => {
      const address = located.page[i]! * PAGE_SIZE;
      return address >= start && address < end;
    });
    expect(inside).toHaveLength((end - start) / PAGE_SIZE);
    for (const i of inside) {
      expect(located.kind[i]).toBe(UNIT.base);
      if (!nodes.includes(located.node[i]!)) throw new Error(`page ${i} is on no node`);
    }
  });

  test("answers stopped when it is told to stop, and gone when the process has ended", async () => {
    using trial = await TargetProcess.start();
    expect(locatePages(inputFor(trial, { stopped: () => true }))).toBe("stopped");
    const input = inputFor(trial);
    await trial.end();
    expect(locatePages(input)).toBe("gone");
  });
});

describe("NodeMover", () => {
  test("move() counts what is on the node afterwards, and says why the rest is not", async () => {
    using trial = await TargetProcess.start();
    const located = locatePages(inputFor(trial));
    if (typeof located === "string") throw new Error(located);
    const [node = 0] = nodes;
    const first = located.page.findIndex((page) => page * PAGE_SIZE >= trial.area.start);
    const pages = Float64Array.of(...located.page.subarray(first, first + 3), 0);
    const refused: string[] = [];
    const mover = new NodeMover(8);
    expect(mover.move(trial.pid, pages, 0, 4, node, (reason) => refused.push(reason))).toEqual({
      moved: 3,
    });
    expect(refused).toEqual(["not there any more"]);
    expect(mover.capacity).toBe(8);
    const { pid } = trial;
    await trial.end();
    expect(() => mover.move(pid, pages, 0, 3, node, () => undefined)).toThrow("ESRCH");
  });
});
