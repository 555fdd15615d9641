import * as fc from "fast-check";
import { LineSplitter } from "../../../../src/engine/plugin/line_splitter.ts";
import {
  parseProcessReport,
  parseProcessRequest,
  type ProcessReport,
} from "../../../../src/engine_process/messages.ts";
import { type FuzzTarget, tokensOf } from "../fuzz_target.ts";

const report = fc.record({
  say: fc.oneof(
    fc.constantFrom<unknown>("ready", "calling", "done", "refused", "sing"),
    fc.jsonValue({ maxDepth: 1 }),
  ),
  operation: fc.oneof(fc.constantFrom<unknown>("start_task"), fc.jsonValue({ maxDepth: 1 })),
  operations: fc.oneof(
    fc.constantFrom<unknown>(["start_task"], [1], {}),
    fc.jsonValue({ maxDepth: 1 }),
  ),
  message: fc.oneof(fc.constantFrom<unknown>("no"), fc.jsonValue({ maxDepth: 1 })),
}, { requiredKeys: [] }).map((fields) => JSON.stringify(fields));

/** Whether all that the server uses of a report has the type it is declared with. */
function isWellTyped(value: ProcessReport): boolean {
  switch (value.say) {
    case "calling":
      return typeof value.operation === "string";
    case "done": {
      const operations: unknown = value.operations;
      return operations === undefined || operations === null ||
        (Array.isArray(operations) && operations.every((name) => typeof name === "string"));
    }
    case "refused":
      return typeof value.message === "string";
    case "ready":
      return true;
  }
}

/** What the process that hosts an engine may say to the server, whatever the engine did to it. */
export const PROCESS_REPORT: FuzzTarget = {
  name: "process_report",
  sources: ["src/engine_process/messages.ts", "src/engine/plugin/line_splitter.ts"],
  inputs: fc.array(fc.oneof(report, fc.string()), { maxLength: 4 }).map((lines) =>
    Buffer.from(lines.map((line) => `${line}\n`).join(""))
  ),
  tokens: tokensOf(
    '{"say":',
    '"done"',
    '"refused"',
    '"calling"',
    '"ready"',
    '"operations":',
    '"message":',
    "{",
    "}",
    "[",
    "]",
    "null",
    "\n",
    '"',
  ),
  check(input) {
    const lines: string[] = [];
    const splitter = new LineSplitter(100, (line) => lines.push(line));
    for (let at = 0; at < input.length; at += 7) splitter.push(input.subarray(at, at + 7));
    splitter.flush();
    for (const line of lines) {
      for (const parse of [parseProcessReport, parseProcessRequest]) {
        try {
          const message = parse(line);
          if ("say" in message && !isWellTyped(message)) {
            throw new Error(`taken for a report: ${line}`);
          }
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
        }
      }
    }
  },
};
