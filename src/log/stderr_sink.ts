import { constants, openSync, writeSync } from "node:fs";
import type { LogSink } from "./logger.ts";

const STDERR = 2;
const FLAGS = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Opened anew, the terminal does not block this process,
 * and stays as it is for others that write to it.
 */
function openTerminal(): number {
  try {
    return openSync(`/proc/self/fd/${STDERR}`, FLAGS);
  } catch {
    return STDERR; // one that cannot be opened a second time may block
  }
}

/** Writes lines to the terminal that is standard error, for a server in the foreground. */
export function openStderrSink(): LogSink {
  const fd = openTerminal();
  return (level, line) => {
    try {
      writeSync(fd, `${new Date().toISOString()} ${level}: ${line}\n`);
    } catch {
      // A terminal that was closed, or one that is stopped: the system log has the line.
    }
  };
}
