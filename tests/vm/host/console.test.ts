import { describe, expect, test } from "bun:test";
import { outcomeOf, settle } from "./console.ts";

describe("outcomeOf()", () => {
  test("reads a verdict", () => {
    expect(outcomeOf("ok slide_4k_a (31.4 s)")).toEqual({
      name: "slide_4k_a",
      passed: true,
      detail: "31.4 s",
    });
    expect(outcomeOf("not ok abi: abitest: status 1 (of 51)\r")).toEqual({
      name: "abi",
      passed: false,
      detail: "abitest: status 1 (of 51",
    });
  });

  test("takes no other line for one", () => {
    for (const line of ["", "ok", "ok: 3 pages", "note ok abi", " ok abi", "okay abi", "not abi"]) {
      expect(outcomeOf(line)).toBeUndefined();
    }
  });
});

describe("settle()", () => {
  const passed = { name: "a", passed: true, detail: "1 s" };
  const failed = { name: "a", passed: false, detail: "why" };

  test("takes a scenario's own word, once", () => {
    expect(settle(["a"], [passed], "gone")).toEqual([passed]);
    expect(settle(["a"], [failed], "gone")).toEqual([failed]);
  });

  test("counts what was never heard of as failed", () => {
    expect(settle(["a", "b"], [passed], "gone")[1]).toEqual({
      name: "b",
      passed: false,
      detail: "gone",
    });
  });

  test("believes a failure beside a success, and no success twice", () => {
    expect(settle(["a"], [passed, failed], "gone")).toEqual([failed]);
    expect(settle(["a"], [passed, passed], "gone")[0]?.passed).toBe(false);
  });

  test("leaves out what was not asked for", () => {
    expect(settle([], [passed], "gone")).toEqual([]);
  });
});
