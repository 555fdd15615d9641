import { afterEach, expect, test } from "bun:test";
import { EngineRefusal } from "../../../src/engine/engine.ts";
import { configureLog } from "../../../src/log/logger.ts";
import { engineFailure } from "../../../src/project/refusals.ts";
import { Refusal } from "../../../src/rpc/refusal.ts";

afterEach(() => configureLog("error", []));

test("engineFailure() passes refusals on, and takes anything else for a fault, which is logged", () => {
  const lines: string[] = [];
  configureLog("error", [(_level, line) => lines.push(line)]);
  const given = new Refusal("noTask", "x");
  expect(engineFailure("Cannot start", given, "invalid")).toBe(given);
  const failed = (error: unknown): [string, string] => {
    const refusal = engineFailure("Cannot start", error, "invalid");
    return [refusal.kind, refusal.message];
  };
  expect(failed(new EngineRefusal("no swap"))).toEqual([
    "invalid",
    "error: invalid parameters: Cannot start: no swap",
  ]);
  expect(failed(new EngineRefusal("died", { fault: "internal" }))[0]).toBe("internal");
  expect(lines).toEqual([]);
  const fault = "error: etmemd has internal error: Cannot start: ";
  expect(failed(new TypeError("x is undefined"))).toEqual(["internal", `${fault}x is undefined`]);
  expect(failed("text")).toEqual(["internal", `${fault}text`]);
  expect(lines).toEqual([
    expect.stringContaining("Cannot start: TypeError: x is undefined"),
    "Cannot start: text",
  ]);
});
