import { expect, test } from "bun:test";
import {
  formatMessage,
  parseProcessReport,
  parseProcessRequest,
  type ProcessReport,
  type ProcessRequest,
} from "../../../src/engine_process/messages.ts";

const REQUESTS: readonly ProcessRequest[] = [
  { ask: "fill_engine", keyFileText: '[engine]\nkey="ä"\u2028\n' },
  { ask: "start_task", task: "t", pids: [1, 2 ** 22] },
  { ask: "command", command: "a b\nc" },
  { ask: "end" },
];
const REPORTS: readonly ProcessReport[] = [
  { say: "ready" },
  { say: "calling", operation: "start_task" },
  { say: "done", operations: ["start_task"] },
  { say: "refused", message: "no\nway" },
];

test("formatMessage() makes one line that is parsed to the same message", () => {
  for (const request of REQUESTS) {
    const line = formatMessage(request);
    expect(line.indexOf("\n")).toBe(line.length - 1);
    expect(parseProcessRequest(line.trimEnd())).toEqual(request);
  }
  for (const report of REPORTS) {
    const line = formatMessage(report);
    expect(line.indexOf("\n")).toBe(line.length - 1);
    expect(parseProcessReport(line.trimEnd())).toEqual(report);
  }
});

test("parseProcessReport() and parseProcessRequest() refuse what the other program does not say", () => {
  for (
    const line of [
      "",
      "x",
      "null",
      "[]",
      "{}",
      '{"say":"hello"}',
      '{"ask":"ready"}',
      '{"say":1}',
      '{"say":"refused"}',
      '{"say":"refused","message":1}',
      '{"say":"calling"}',
      '{"say":"done","operations":1}',
      '{"say":"done","operations":[1]}',
    ]
  ) {
    expect(() => parseProcessReport(line)).toThrow(SyntaxError);
  }
  for (const line of ['{"ask":"hello"}', '{"say":"ready"}', '{"ask":["end"]}', '"end"']) {
    expect(() => parseProcessRequest(line)).toThrow(SyntaxError);
  }
});
