import { afterEach, expect, test } from "bun:test";
import { configureLog, log } from "../../../src/log/logger.ts";

afterEach(() => configureLog("error", []));

test("log makes one line of text that steers no terminal, whatever a name or an engine puts into it", () => {
  const lines: string[] = [];
  configureLog("info", [(level, line) => lines.push(`${level}: ${line}`)]);
  log.info('engine "e": a\n<3>b\r\nc\rd');
  log.warning("\x1b[2J\x1b]0;title\x07\0\x7f\x9b1m\tend");
  log.debug("not at this level");
  log.error("x".repeat(1_000_000));
  expect(lines).toEqual([
    'info: engine "e": a | <3>b | c | d',
    "warning: \\x1b[2J\\x1b]0;title\\x07\\x00\\x7f\\x9b1m\tend",
    `error: ${"x".repeat(4096)}...`,
  ]);
});
