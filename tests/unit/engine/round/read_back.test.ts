import { describe, expect, test } from "bun:test";
import { AT_FDCWD, close, O_RDONLY, openAt } from "../../../../ffi/libc.ts";
import {
  mostReadBack,
  mostWaitedFor,
  type ReadCounters,
  readReadCounters,
} from "../../../../src/engine/round/read_back.ts";
import { FakeSysfs } from "../../procfs/fake_nodes.ts";

const BEFORE: ReadCounters = { majorFaults: 7, machine: { readPages: 100, majorFaults: 1000 } };
const no = (): boolean => false;

/** @param own major faults of the process. @param read pages. @param faults of all processes. */
function later(own: number, read: number, faults: number): ReadCounters {
  return {
    majorFaults: 7 + own,
    machine: { readPages: 100 + read, majorFaults: 1000 + faults },
  };
}

describe("mostWaitedFor()", () => {
  const space = (areaBytes: number, totalBytes: number) => ({ swap: { areaBytes, totalBytes } });
  const on = { ...BEFORE, ...space(8, 8) };
  const during = space(8, 0);

  test("leaves out what swapoff reads, at its beginning, in it and at its end", () => {
    const read = later(5, 400, 5);
    expect(mostReadBack(300, BEFORE, read, no)).toBe(300);
    expect(mostWaitedFor(300, on, { ...read, ...during }, no)).toBe(5);
    expect(mostWaitedFor(300, { ...BEFORE, ...during }, { ...read, ...during }, no)).toBe(5);
    expect(mostWaitedFor(300, { ...BEFORE, ...during }, { ...read, ...space(0, 0) }, no)).toBe(5);
  });

  test("is all that was read while swap space stays, comes, or is not known", () => {
    const read = later(5, 400, 5);
    expect(mostWaitedFor(300, on, { ...read, ...space(8, 8) }, no)).toBe(300);
    expect(mostWaitedFor(300, on, { ...read, ...space(12, 12) }, no)).toBe(300);
    expect(mostWaitedFor(300, on, read, no)).toBe(300);
    expect(mostWaitedFor(300, BEFORE, { ...read, ...during }, no)).toBe(300);
  });
});

describe("mostReadBack()", () => {
  test("is a page for each major fault of the process, whatever others read", () => {
    expect(mostReadBack(50, BEFORE, later(20, 500, 500), no)).toBe(20);
    expect(mostReadBack(50, BEFORE, later(80, 500, 500), no)).toBe(50);
    expect(mostReadBack(50, BEFORE, later(0, 500, 500), no)).toBe(0);
  });

  test("is not more than the machine has read: other major faults read files", () => {
    expect(mostReadBack(50, BEFORE, later(40, 10, 60), no)).toBe(10);
  });

  test("has what was read without a major fault: read-ahead and swapoff", () => {
    expect(mostReadBack(50, BEFORE, later(5, 40, 5), no)).toBe(40);
    expect(mostReadBack(50, BEFORE, later(0, 60, 3), no)).toBe(50);
  });

  test("goes by the machine alone when threads of the kernel read for the process", () => {
    expect(mostReadBack(50, BEFORE, later(0, 30, 30), () => true)).toBe(30);
  });

  test("asks who reads only where that matters", () => {
    let asked = 0;
    const ask = (): boolean => (asked++, false);
    mostReadBack(50, BEFORE, later(50, 50, 50), ask);
    mostReadBack(50, { majorFaults: 0 }, { majorFaults: 50 }, ask);
    expect(asked).toBe(0);
  });

  test("goes by the process alone where the kernel does not count", () => {
    expect(mostReadBack(50, { majorFaults: 1 }, { majorFaults: 4 }, no)).toBe(3);
    expect(mostReadBack(50, { majorFaults: 1 }, { majorFaults: 4 }, () => true)).toBe(50);
  });
});

test("readReadCounters() does without those of the machine where they cannot be read", () => {
  const dirFd = openAt(AT_FDCWD, "/proc/self", O_RDONLY);
  using good = new FakeSysfs({ vmstat: "pswpin 5\npgmajfault 7\n" });
  using bad = new FakeSysfs({ vmstat: "pswpin x\npgmajfault 7\n" });
  using folder = new FakeSysfs({ "vmstat/x": "" });
  try {
    expect(readReadCounters(dirFd, good.root)?.machine).toEqual({ readPages: 5, majorFaults: 7 });
    for (const { root } of [bad, folder]) {
      expect(readReadCounters(dirFd, root)).toMatchObject({ majorFaults: expect.any(Number) });
      expect(readReadCounters(dirFd, root)?.machine).toBeUndefined();
    }
  } finally {
    close(dirFd);
  }
});
