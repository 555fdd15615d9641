import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { PAGE_SIZE } from "../../../../ffi/libc.ts";
import { NodeMover } from "../../../../src/mover/node_mover.ts";
import { readNodes } from "../../../../src/procfs/nodes.ts";
import { pageOf } from "../../../../src/procfs/pagemap.ts";
import { PageCounts } from "../../../../src/tracker/page_counts.ts";
import { PMD_PAGES } from "../../../../src/tracker/huge_page.ts";
import { SMAPS } from "../../../../src/tracker/tracker_smaps.ts";
import { NO_NODE, UNIT } from "../../../../src/engine/cslide/located_pages.ts";
import { type LocateInput, locatePages } from "../../../../src/engine/cslide/locate_pages.ts";
import { OpenProcess } from "../../../tools/fixtures/open_process.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";

const nodes = readNodes().filter((node) => node.hasMemory).map((node) => node.id);

const isRoot = process.getuid?.() === 0;

/** What the smaps tracker finds in a target, to be located. */
function inputFor(trial: TargetProcess, more: Partial<LocateInput> = {}): LocateInput {
  const { dirFd, pagemap } = trial.process;
  const tracker = SMAPS.create(undefined);
  const counts = new PageCounts();
  tracker.scan({
    pid: trial.pid,
    dirFd,
    pagemap,
    selection: { kind: "swappable" },
    flags: { swapFlag: false, ignoreHost: false },
    stopped: () => false,
  }, counts);
  return {
    pid: trial.pid,
    dirFd,
    pagemap,
    counts,
    seesHugetlb: false,
    mayBeSplit: false,
    mostUnits: Infinity,
    stopped: () => false,
    ...more,
  };
}

/** Transparent huge pages of a process. */
function hugeUnits(pid: number): number {
  const sizes = readFileSync(`/proc/${pid}/smaps`, "utf8").matchAll(/^AnonHugePages: +(\d+) kB/gm);
  return [...sizes].reduce((sum, [, kb]) => sum + Number(kb) * 1024, 0) / (PMD_PAGES * PAGE_SIZE);
}

/** Locates a target's pages that were counted in huge units. */
function locate(trial: TargetProcess, mayBeSplit: boolean) {
  const from = pageOf(trial.area.start);
  const to = pageOf(trial.area.end);
  const counts = new PageCounts();
  counts.beginScan();
  for (let page = from; page < to; page += PMD_PAGES) {
    counts.add(page, PMD_PAGES, ((page - from) / PMD_PAGES) % 2, true);
  }
  counts.endScan();
  const located = locatePages({
    pid: trial.pid,
    dirFd: trial.process.dirFd,
    pagemap: trial.process.pagemap,
    counts,
    seesHugetlb: true,
    mayBeSplit,
    mostUnits: Infinity,
    stopped: () => false,
  });
  if (typeof located === "string") throw new Error(located);
  return { from, to, located };
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

  test("locatePages() lists nothing of a process that has more units than a plan holds", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const input = inputFor(trial);
    const units = (mostUnits: number) => {
      const located = locatePages({ ...input, mostUnits });
      return typeof located === "string" ? located : [located.isTooLarge, located.page.length];
    };
    const [, all] = units(Infinity);
    expect(units(Number(all))).toEqual([false, Number(all)]);
    expect(units(Number(all) - 1)).toEqual([true, 0]);
  });

  test("locatePages() takes base pages that were counted in huge units for what they are", async () => {
    using trial = await TargetProcess.start();
    const { from, to, located } = locate(trial, true);
    expect(located.page.length).toBe(to - from);
    expect(Array.from(located.page)).toEqual(Array.from({ length: to - from }, (_, i) => from + i));
    expect(located.kind.every((kind) => kind === UNIT.base)).toBe(true);
    expect(located.heat.every((heat, i) => heat === Math.floor(i / PMD_PAGES) % 2)).toBe(true);
    expect(located.node.includes(NO_NODE)).toBe(false);
  });

  test("locatePages() keeps huge pages whole where base pages may be among them", async () => {
    using trial = await TargetProcess.start({ huge: true });
    const { from, to, located } = locate(trial, true);
    const huge = located.kind.filter((kind) => kind === UNIT.thp).length;
    // none on a machine without transparent huge pages
    expect(huge).toBe(hugeUnits(trial.pid));
    expect(huge * PMD_PAGES + (located.page.length - huge)).toBe(to - from);
    const { located: unasked } = locate(trial, false);
    expect(unasked.kind.every((kind) => kind === UNIT.thp)).toBe(true);
  });

  /** Frames by page of what a process of a target has and others may have too. */
  function sharedOf(pid: number, kind: "base" | "thp", area: { start: number; end: number }) {
    using opened = new OpenProcess(pid);
    const [from, to] = [pageOf(area.start), pageOf(area.end)];
    const counts = new PageCounts();
    counts.beginScan();
    counts.add(from, to - from, 0, kind === "thp");
    counts.endScan();
    const { dirFd, pagemap } = opened;
    const input = {
      pid,
      dirFd,
      pagemap,
      counts,
      seesHugetlb: true,
      mayBeSplit: false,
      mostUnits: Infinity,
    };
    const located = locatePages({ ...input, stopped: () => false });
    if (typeof located === "string") throw new Error(located);
    const { page, shared } = located;
    return new Map([...shared?.unit ?? []].map((unit, i) => [page[unit]!, shared!.frame[i]!]));
  }

  test.skipIf(!isRoot)(
    "locatePages() tells the frames of what processes share, and of nothing else",
    async () => {
      using alone = await TargetProcess.start();
      expect(sharedOf(alone.pid, "base", alone.area).size).toBe(0);
      using trial = await TargetProcess.start({ children: 2, share: true });
      const [first, ...others] = trial.target.processes()
        .map(({ pid, start, sizeBytes }) =>
          sharedOf(pid, "base", { start, end: start + sizeBytes })
        );
      expect(first?.size).toBe((trial.area.end - trial.area.start) / PAGE_SIZE);
      expect(new Set(first?.values()).size).toBe(first!.size);
      expect(others).toHaveLength(2);
      for (const other of others) expect(other).toEqual(first!);
    },
  );

  test.skipIf(!isRoot)(
    "locatePages() tells the first frame of a huge page that processes share",
    async () => {
      using trial = await TargetProcess.start({ children: 1, share: true, huge: true });
      const tables = trial.target.processes().map(({ pid, start, sizeBytes }) => {
        return { pid, frames: sharedOf(pid, "thp", { start, end: start + sizeBytes }) };
      });
      expect(tables).toHaveLength(2);
      expect(tables[0]!.frames).toEqual(tables[1]!.frames);
      expect(tables[0]!.frames.size).toBe(
        (trial.area.end - trial.area.start) / PAGE_SIZE / PMD_PAGES,
      );
      // some may be in base pages
      const heads = [...tables[0]!.frames.values()].filter((frame) => frame % PMD_PAGES === 0);
      expect(heads.length).toBeGreaterThanOrEqual(hugeUnits(tables[0]!.pid));
    },
  );
});

describe("NodeMover", () => {
  test("move() counts what it has moved to the node, and says why the rest was not", async () => {
    using trial = await TargetProcess.start();
    const located = locatePages(inputFor(trial));
    if (typeof located === "string") throw new Error(located);
    const [node = 0] = nodes;
    const first = located.page.findIndex((page) => page * PAGE_SIZE >= trial.area.start);
    const pages = Float64Array.of(...located.page.subarray(first, first + 3), 0);
    const refused: string[] = [];
    const mover = new NodeMover(8);
    const order = {
      space: trial.process.space,
      node,
      pages,
      from: 0,
      pieces: 1,
      pieceBytes: PAGE_SIZE,
      stuck: () => undefined,
    };
    const { pid } = trial;
    const refuse = (reason: string): void => void refused.push(reason);
    expect(mover.move({ ...order, pid, count: 4, refuse })).toEqual({ movedBytes: 0 });
    const there = "there already";
    expect(refused).toEqual([there, there, there, "not there any more"]);
    await trial.end();
    expect(() => mover.move({ ...order, pid, count: 3, refuse })).toThrow("ESRCH");
  });
});
