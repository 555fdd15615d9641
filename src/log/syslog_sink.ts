import { openSyslog, syslog } from "../../ffi/libc.ts";
import type { LogLevel, LogSink } from "./logger.ts";

/** LOG_DEBUG, LOG_INFO, LOG_WARNING and LOG_ERR of syslog(3). */
const PRIORITIES: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warning: 4, error: 3 };

/** Opens the connection to the system log: ident `[etmemd] `, with the pid, facility LOG_USER. */
export function openSyslogSink(): LogSink {
  openSyslog("[etmemd] ");
  return (level, line) => syslog(PRIORITIES[level], line);
}
