import { writeFileSync } from "node:fs";
import { isatty } from "node:tty";
import { configureLog, log, LOG_LEVELS, type LogSink } from "../log/logger.ts";
import { openStderrSink } from "../log/stderr_sink.ts";
import { SyslogSink } from "../log/syslog_sink.ts";
import { Registry } from "../project/registry.ts";
import { messageOf } from "../text/message_of.ts";
import { reportFailure, reportReady } from "./background.ts";
import { SERVER_NAME, type StartMark } from "./clean_start.ts";
import { ConfDir } from "./conf_dir.ts";
import { type ControlSocket, openControlSocket } from "./control_socket.ts";
import type { EngineLoader } from "./load_engines.ts";
import { releaseOwnCodeOnceSettled } from "./release_own_code.ts";
import { PID_FILE, removePidFile, writePidFile } from "./pid_file.ts";
import { createRequestHandler } from "./requests.ts";
import type { ServerOptions } from "./server_options.ts";
import { StatusSource } from "./status_source.ts";
import { StopRequest } from "./stop_request.ts";
import { VERSION } from "../options/version.ts";

/** How long projects may take to stop, out of the 2 s in which a server ends. */
const STOP_MS = 1_700;
/** How long lines of log may take after that; a system log that reads takes them at once. */
const LAST_LINES_MS = 100;
/**
 * How long the command that starts a server in the background waits for the files of --conf-dir.
 */
const LOAD_MS = 5_000;
const DEFAULT_LOG_LEVEL = LOG_LEVELS.indexOf("error");
const STDERR = 2;

/**
 * Runs the server until a signal ends it.
 * @returns the exit status: 0 after a signal, 1 when something went wrong within.
 * @throws {Error} when it cannot start; a background server has reported it then.
 */
export async function serve(
  options: ServerOptions,
  mark: StartMark,
  loadEngines: EngineLoader,
): Promise<number> {
  const isBackground = mark === "background";
  const stop = new StopRequest();
  let confDir: ConfDir | undefined;
  const registry = new Registry(
    async () => (await loadEngines()).kinds,
    async (project, started) => confDir?.remember(project, started),
  );
  const status = new StatusSource(options.socket, loadEngines);
  const syslog = new SyslogSink();
  let control: ControlSocket | undefined;
  try {
    nameProcess();
    openLog(options, isBackground, syslog);
    if (options.confDir !== undefined) {
      confDir = await ConfDir.open(options.confDir, options.socket, stop.signal);
    }
    control = openControlSocket(options.socket, createRequestHandler(registry, status, confDir));
    log.info(`${SERVER_NAME} ${VERSION} listens on socket "${options.socket}"`);
    const loaded = confDir?.load(registry, stop.signal).catch((error: unknown) => stop.fail(error));
    if (isBackground) {
      await Promise.race([loaded, stop.requested, Bun.sleep(LOAD_MS)]);
      announce();
    }
  } catch (error) {
    control?.close();
    await Promise.race([registry.close(), Bun.sleep(STOP_MS)]);
    const reason = stop.signal.aborted ? "stopped before it was ready" : messageOf(error);
    log.error(reason);
    await syslog.drain(LAST_LINES_MS);
    if (isBackground) reportFailure(reason);
    if (stop.signal.aborted) return await stop.requested;
    throw error;
  }
  releaseOwnCodeOnceSettled();
  const exitStatus = await stop.requested;
  control.close();
  const isInTime = await Promise.race([
    registry.close().then(() => true),
    stop.hurry.then(() => false),
    Bun.sleep(STOP_MS).then(() => false),
  ]);
  if (isBackground) removePidFile();
  if (isInTime) log.info(`${SERVER_NAME} has stopped`);
  else log.error(`${SERVER_NAME} ends before all its projects have stopped`);
  // where the projects have used up the time, the lines get one try
  await syslog.drain(isInTime ? LAST_LINES_MS : 0);
  return exitStatus;
}

/** Sets the name that ps and pgrep show: that of the main thread (proc_pid_comm(5)). */
function nameProcess(): void {
  writeFileSync("/proc/self/comm", SERVER_NAME);
}

function openLog(
  { logLevel = DEFAULT_LOG_LEVEL }: ServerOptions,
  isBackground: boolean,
  syslog: SyslogSink,
): void {
  const sinks: LogSink[] = [(level, line) => syslog.write(level, line)];
  if (!isBackground && isatty(STDERR)) sinks.push(openStderrSink());
  configureLog(LOG_LEVELS[logLevel] ?? "error", sinks);
}

/** Writes the pid file, then tells the command that started this server that it is ready. */
function announce(): void {
  const other = writePidFile();
  const warning = other === undefined
    ? undefined
    : `${PID_FILE} names another ${SERVER_NAME}, pid ${other}, and is left alone`;
  if (warning !== undefined) log.warning(warning);
  try {
    reportReady(warning);
  } catch (error) {
    removePidFile();
    throw new Error("the command that started this server is gone", { cause: error });
  }
}
