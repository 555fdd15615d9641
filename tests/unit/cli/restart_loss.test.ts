import { describe, expect, test } from "bun:test";
import { restartLoss } from "../../../src/cli/restart_loss.ts";
import { SAMPLE_STATUS } from "./sample_status.ts";

/** A document with one project for each pair of `started` and `persistent`. */
function documentOf(
  ...pairs: readonly (readonly [started: boolean, persistent: boolean])[]
): string {
  const projects = pairs.map(([started, persistent], n) => ({
    name: `p${n}`,
    started,
    persistent,
  }));
  return JSON.stringify({ ...SAMPLE_STATUS, projects });
}

describe("restartLoss()", () => {
  test("is nothing when what is started is persistent", () => {
    expect(restartLoss(documentOf())).toBeUndefined();
    expect(restartLoss(documentOf([true, true], [false, true], [false, false]))).toBeUndefined();
  });

  test("names the started projects that are not persistent", () => {
    expect(restartLoss(documentOf([true, true], [true, false]))).toBe(
      'etmem: Cannot restart the server without losing "p1": it is started and not persistent',
    );
    expect(restartLoss(documentOf([true, false], [false, false], [true, false]))).toBe(
      'etmem: Cannot restart the server without losing "p0", "p2": they are started and not persistent',
    );
  });

  test("refuses a document that it does not know", () => {
    expect(() => restartLoss('{"version":2}')).toThrow("is of version 2 where 1 is known");
  });
});
