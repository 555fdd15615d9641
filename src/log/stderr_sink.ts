import { writeSync } from "node:fs";
import type { LogSink } from "./logger.ts";

const STDERR = 2;

/** Writes lines to standard error, for a server in the foreground. */
export function openStderrSink(): LogSink {
  return (level, line) => {
    try {
      writeSync(STDERR, `${new Date().toISOString()} ${level}: ${line}\n`);
    } catch {
      // A terminal that was closed, or one that is stopped: the system log has the line.
    }
  };
}
