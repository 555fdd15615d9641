import { writeFileSync } from "node:fs";
import { isatty } from "node:tty";
import { configureLog, log, LOG_LEVELS, type LogSink } from "../log/logger.ts";
import { openStderrSink } from "../log/stderr_sink.ts";
import { SyslogSink } from "../log/syslog_sink.ts";
import { Registry } from "../project/registry.ts";
import { messageOf } from "../text/message_of.ts";
import { reportFailure, reportReady } from "./background.ts";
import { SERVER_NAME, type StartMark } from "./clean_start.ts";
import { ConfDir } from "./conf_dir/conf_dir.ts";
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
  return await new Server(options, mark === "background", loadEngines).run();
}

class Server {
  readonly #options: ServerOptions;
  readonly #isBackground: boolean;
  readonly #stop = new StopRequest();
  readonly #syslog = new SyslogSink();
  readonly #registry: Registry;
  readonly #status: StatusSource;
  #confDir: ConfDir | undefined;
  #control: ControlSocket | undefined;

  constructor(options: ServerOptions, isBackground: boolean, loadEngines: EngineLoader) {
    this.#options = options;
    this.#isBackground = isBackground;
    this.#registry = new Registry(
      async () => (await loadEngines()).kinds,
      async (project, started) => this.#confDir?.remember(project, started),
    );
    this.#status = new StatusSource(options, loadEngines);
  }

  async run(): Promise<number> {
    try {
      await this.#start();
    } catch (error) {
      await this.#giveUp(error);
      if (this.#stop.signal.aborted) return await this.#stop.requested;
      throw error;
    }
    releaseOwnCodeOnceSettled();
    const exitStatus = await this.#stop.requested;
    await this.#end();
    return exitStatus;
  }

  async #start(): Promise<void> {
    const { socket, confDir } = this.#options;
    const { signal, requested } = this.#stop;
    nameProcess();
    openLog(this.#options, this.#isBackground, this.#syslog);
    if (confDir !== undefined) this.#confDir = await ConfDir.open(confDir, socket, signal);
    const files = this.#confDir;
    if (files !== undefined) this.#stop.onHangUp(() => files.reload());
    this.#control = openControlSocket(
      socket,
      createRequestHandler(this.#registry, this.#status, this.#confDir),
    );
    log.info(`${SERVER_NAME} ${VERSION} listens on socket "${socket}"`);
    const loaded = files?.load(this.#registry, signal)
      .catch((error: unknown) => this.#stop.fail(error));
    void loaded?.then(() => files?.follow(this.#registry, signal))
      .catch((error: unknown) => this.#stop.fail(error));
    if (!this.#isBackground) return;
    await Promise.race([loaded, requested, Bun.sleep(LOAD_MS)]);
    announce();
  }

  /** Ends a server that cannot start, or was stopped before it was ready. */
  async #giveUp(error: unknown): Promise<void> {
    this.#control?.close();
    await Promise.race([this.#registry.close(), Bun.sleep(STOP_MS)]);
    const isStopped = this.#stop.signal.aborted;
    const reason = isStopped ? "stopped before it was ready" : messageOf(error);
    log.error(reason);
    await this.#syslog.drain(LAST_LINES_MS);
    if (this.#isBackground) reportFailure(reason);
  }

  async #end(): Promise<void> {
    this.#control?.close();
    const isInTime = await Promise.race([
      this.#registry.close().then(() => true),
      this.#stop.hurry.then(() => false),
      Bun.sleep(STOP_MS).then(() => false),
    ]);
    if (this.#isBackground) removePidFile();
    if (isInTime) log.info(`${SERVER_NAME} has stopped`);
    else log.error(`${SERVER_NAME} ends before all its projects have stopped`);
    // where the projects have used up the time, the lines get one try
    await this.#syslog.drain(isInTime ? LAST_LINES_MS : 0);
  }
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
