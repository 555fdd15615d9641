import { afterEach, expect, test } from "bun:test";
import { operationLimitMs } from "../../../../src/engine/plugin/operation_limit.ts";
import { configureLog } from "../../../../src/log/logger.ts";

afterEach(() => configureLog("error", []));

test("operationLimitMs() is 5 s when nothing is set, and what is set from 1 to 600 s", () => {
  expect(operationLimitMs("")).toBe(5000);
  expect(operationLimitMs("1")).toBe(1000);
  expect(operationLimitMs("600")).toBe(600_000);
});

test("operationLimitMs() says what is wrong and takes 5 s when the value is not allowed", () => {
  const lines: string[] = [];
  configureLog("warning", [(_level, line) => lines.push(line)]);
  for (const wrong of ["0", "601", "-1", "2.5", "5s", "x"]) {
    expect(operationLimitMs(wrong)).toBe(5000);
    expect(lines.pop()).toBe(
      `Cannot use ETMEMD_ENGINE_LIMIT_SECONDS="${wrong}": allowed are 1 to 600, taken is 5`,
    );
  }
});
