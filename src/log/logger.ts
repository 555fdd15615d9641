/** Log levels as -l counts them. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Takes a line of at least the configured level. */
export type LogSink = (level: LogLevel, line: string) => void;

/**
 * Characters of a line: what an engine's process reports may have a megabyte, which no log takes.
 */
const LONGEST = 4096;

let threshold: number = LOG_LEVELS.indexOf("error");
let sinks: readonly LogSink[] = [];

/** Sets where lines go and from which level on; before it is called lines go nowhere. */
export function configureLog(level: LogLevel, to: readonly LogSink[]): void {
  threshold = LOG_LEVELS.indexOf(level);
  sinks = to;
}

/** Whether lines of a level are taken: a line that costs much to make need not be made. */
export function isLogged(level: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= threshold;
}

function emit(level: LogLevel, line: string): void {
  if (!isLogged(level)) return;
  const start = line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line;
  const oneLine = start.replaceAll(/[\n\r]+/g, " | ").replaceAll(/[^\P{Cc}\t]/gu, escapeControl);
  for (const sink of sinks) sink(level, oneLine);
}

/**
 * What a third-party engine prints, or a name holds,
 * must not steer the terminal that shows the log.
 */
function escapeControl(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

/** The server's log: one line a call, levels as in syslog(3). */
export const log = {
  debug: (line: string): void => emit("debug", line),
  info: (line: string): void => emit("info", line),
  warning: (line: string): void => emit("warning", line),
  error: (line: string): void => emit("error", line),
};
