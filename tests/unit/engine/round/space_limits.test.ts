import { expect, test } from "bun:test";
import { SpaceLimits } from "../../../../src/engine/round/space_limits.ts";

const [a, b] = [{ name: "a" }, { name: "b" }];

test("SpaceLimits has the smallest limit of the tasks on an address space", () => {
  const limits = new SpaceLimits();
  expect(limits.smallest("1")).toBeUndefined();
  limits.set("1", a, 0.5);
  limits.set("1", b, 0.1);
  limits.set("2", a, 3);
  expect([limits.smallest("1"), limits.smallest("2")]).toEqual([0.1, 3]);
  limits.set("1", b, undefined);
  expect(limits.smallest("1")).toBe(0.5);
});

test("SpaceLimits forgets what a task does not see any more", () => {
  const limits = new SpaceLimits();
  for (const task of [a, b]) for (const space of ["1", "2"]) limits.set(space, task, 1);
  limits.forgetAllBut(new Set(["2"]), a);
  limits.forgetAllBut(new Set(), b);
  expect([limits.smallest("1"), limits.smallest("2")]).toEqual([undefined, 1]);
});
