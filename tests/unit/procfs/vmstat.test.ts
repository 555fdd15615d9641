import { describe, expect, test } from "bun:test";
import { parseSwapCounters, readSwapCounters } from "../../../src/procfs/vmstat.ts";

describe("parseSwapCounters()", () => {
  test("adds up what is read from a device, from zswap, and as zeros", () => {
    const text = "nr_free_pages 9\npswpin 5\npswpout 6\npgmajfault 7\nswpin_zero 10\nzswpin 20\n";
    expect(parseSwapCounters(text)).toEqual({ readPages: 35, majorFaults: 7 });
  });

  test("does without the counters that older kernels lack", () => {
    expect(parseSwapCounters("pswpin 5\npgmajfault 7\n")).toEqual({ readPages: 5, majorFaults: 7 });
  });

  test("is undefined where the kernel does not count", () => {
    expect(parseSwapCounters("nr_free_pages 9\n")).toBeUndefined();
  });

  test("says what is no number", () => {
    expect(() => parseSwapCounters("pgmajfault 7\npswpin x\n")).toThrow(
      'Cannot read pswpin in line 2 of vmstat: found "x"',
    );
  });
});

test("readSwapCounters() reads those of this kernel", () => {
  const counters = readSwapCounters();
  expect(counters?.majorFaults).toBeGreaterThan(0);
});
