import { describe, expect, test } from "bun:test";
import { chooseMover, chooseTracker } from "../../../src/engine/choose_tracker_and_mover.ts";
import { EngineRefusal } from "../../../src/engine/engine.ts";
import { machineSupport } from "../../../src/engine/machine_support.ts";

function refusalOf(choose: () => unknown): string {
  try {
    choose();
  } catch (error) {
    if (error instanceof EngineRefusal) return error.message;
    throw error;
  }
  throw new Error("it was not refused");
}

const trackers = await machineSupport.trackers();

describe("chooseTracker()", () => {
  test("takes the first that this kernel offers", () => {
    const best = trackers.find(({ available }) => available);
    expect(chooseTracker("auto", []).name).toBe(best!.name);
  });

  test("takes what is pinned, where it is offered", () => {
    expect(chooseTracker("smaps", []).name).toBe("smaps");
    for (const { name, available, reason } of trackers) {
      if (available) expect(chooseTracker(name, []).name).toBe(name);
      else {
        expect(refusalOf(() => chooseTracker(name, []))).toBe(
          `no tracker can be used (tracker=${name} in [project]): ${name}: ${reason}`,
        );
      }
    }
  });

  test("names what each one lacks when none will do", () => {
    const refusal = refusalOf(() => chooseTracker("auto", [() => undefined, () => "it is blue"]));
    const reasons = trackers
      .map(({ name, reason }) => `${name}: ${reason ?? "it is blue"}`);
    expect(refusal).toBe(`no tracker can be used: ${reasons.join("; ")}`);
  });

  test("passes over those that do not meet a requirement", () => {
    const noPages = refusalOf(() =>
      chooseTracker("smaps", [
        ({ granularity }) => granularity === "vma" ? "too coarse" : undefined,
      ])
    );
    expect(noPages).toBe("no tracker can be used (tracker=smaps in [project]): smaps: too coarse");
  });
});

describe("chooseMover()", () => {
  test("takes the first that this kernel offers, or what is pinned", () => {
    const best = machineSupport.movers().find(({ available }) => available);
    if (best !== undefined) expect(chooseMover("auto", []).name).toBe(best.name);
    for (const { name, available, reason } of machineSupport.movers()) {
      if (available) expect(chooseMover(name, []).name).toBe(name);
      else expect(refusalOf(() => chooseMover(name, []))).toContain(`${name}: ${reason}`);
    }
  });
});
