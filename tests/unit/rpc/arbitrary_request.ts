import * as fc from "fast-check";
import type { Request } from "../../../src/rpc/request.ts";

/** Requests out of values that `text` makes; `file` makes absolute paths. */
export function arbitraryRequest(
  text: fc.Arbitrary<string>,
  file: fc.Arbitrary<string>,
): fc.Arbitrary<Request> {
  return fc.oneof(
    fc.record({ command: fc.constantFrom("obj_add", "obj_del"), file }),
    fc.record({ command: fc.constant("project_stop" as const), project: text }),
    fc.record(
      {
        command: fc.constant("project_start" as const),
        project: text,
        dryRun: fc.constant(true as const),
      },
      { requiredKeys: ["command", "project"] },
    ),
    fc.record(
      {
        command: fc.constant("project_restore" as const),
        project: text,
        task: text,
        rateMib: fc.integer({ min: 1, max: 100_000 }),
        keepFreePercent: fc.integer({ min: 1, max: 99 }),
      },
      { requiredKeys: ["command", "project"] },
    ),
    fc.record(
      { command: fc.constant("project_show" as const), project: text },
      { requiredKeys: ["command"] },
    ),
    fc.record(
      {
        command: fc.constant("status" as const),
        project: text,
        rounds: fc.nat(),
        endedRounds: fc.nat(),
      },
      { requiredKeys: ["command"] },
    ),
    fc.record(
      {
        command: fc.constant("histogram" as const),
        project: text,
        task: text,
        estimateCompression: fc.constant(true as const),
      },
      { requiredKeys: ["command", "project"] },
    ),
    fc.record(
      {
        command: fc.constant("advise" as const),
        project: text,
        stallLimitPercent: fc.integer({ min: 1, max: 10_000 }).map((number) => number / 100),
      },
      { requiredKeys: ["command", "project"] },
    ),
    fc.record(
      {
        command: fc.constant("engine" as const),
        project: text,
        engine: text,
        engineCommand: text,
        task: text,
        json: fc.boolean(),
      },
      { requiredKeys: ["command", "project", "engine", "engineCommand", "json"] },
    ),
  );
}
