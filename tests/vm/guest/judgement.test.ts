import { describe, expect, test } from "bun:test";
import { faultsOf, type SlideObservation } from "./judgement.ts";

const sound: SlideObservation = {
  hotPages: 8192,
  coldPages: 122880,
  coldPagesInSwap: 122880,
  otherBytes: 10 * 4096,
  pageBytes: 4096,
  askedBytes: 122885 * 4096,
  kernelAskedPages: 122885,
  majorFaults: 0,
  badPages: 0,
  longestGapUs: 200_000,
  kernelSwap: false,
};

describe("faultsOf()", () => {
  test("finds none in a sound round", () => {
    expect(faultsOf(sound)).toEqual([]);
  });

  const limits: [string, Partial<SlideObservation>][] = [
    ["one cold page in a thousand stayed", { coldPagesInSwap: 122758 }],
    ["one hot page in a thousand was asked", {
      askedBytes: 122898 * 4096,
      kernelAskedPages: 122898,
    }],
    ["nothing is hot", { hotPages: 0 }],
    ["faults stay below one in a thousand", { majorFaults: 8 }],
  ];
  for (const [what, change] of limits) {
    test(`finds none when ${what}`, () => {
      expect(faultsOf({ ...sound, ...change })).toEqual([]);
    });
  }

  const faults: [RegExp, Partial<SlideObservation>][] = [
    [/cold pages are in swap/, { coldPagesInSwap: 122757 }],
    [/but only 0 bytes/, { askedBytes: 0, kernelAskedPages: 0 }],
    [/hot pages were asked/, { askedBytes: 122899 * 4096, kernelAskedPages: 122899 }],
    [/hot pages were asked/, { askedBytes: 131072 * 4096, kernelAskedPages: 131072 }],
    [/the kernel counted/, { kernelAskedPages: 122886 }],
    [/major faults/, { majorFaults: 9 }],
    [/contents of 1 pages/, { badPages: 1 }],
    [/kernel was allowed/, { kernelSwap: true }],
  ];
  for (const [fault, change] of faults) {
    test(`finds "${fault.source}" when ${JSON.stringify(change)}`, () => {
      expect(faultsOf({ ...sound, ...change })).toEqual([expect.stringMatching(fault)]);
    });
  }

  test("adds that the target stood still to faults, and to nothing else", () => {
    const still = { ...sound, longestGapUs: 3_000_000 };
    expect(faultsOf(still)).toEqual([]);
    expect(faultsOf({ ...still, badPages: 1 })).toEqual([
      expect.stringContaining("contents"),
      expect.stringContaining("3000000 us"),
    ]);
  });

  test("needs no kernel counters where there are none", () => {
    const { kernelAskedPages: _, ...others } = sound;
    expect(faultsOf(others)).toEqual([]);
  });
});
