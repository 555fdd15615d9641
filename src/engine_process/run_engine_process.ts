import { fstatSync, writeFileSync, writeSync } from "node:fs";
import { flushStdoutByLine, LinkError, loadForAll } from "../../ffi/engine_library.ts";
import { GlibError } from "../../ffi/glib.ts";
import {
  closeOnExec,
  dieWithParent,
  exitNow,
  ignoreSignals,
  killOwnGroup,
  setDefaultAction,
} from "../../ffi/process_control.ts";
import { receiveDescriptor } from "../../ffi/unix_socket.ts";
import { messageOf } from "../text/message_of.ts";
import { ControlChannel } from "./control_channel.ts";
import { LoadedEngine } from "./loaded_engine.ts";
import { loadLibrary } from "./load_library.ts";
import { ENGINE_PROCESS_NAME, type ProcessRequest, RequestRefusal } from "./messages.ts";

/** Descriptors that the server gives the process, see engine/plugin/engine_child.ts. */
const CONTROL_FD = 3;
const DESCRIPTORS_FD = 4;
const STDERR = 2;

/**
 * A crash of the engine is to end the process by the signal itself,
 * without a word of the runtime's.
 */
const CRASH_SIGNALS = [
  "SIGSEGV",
  "SIGBUS",
  "SIGILL",
  "SIGFPE",
  "SIGABRT",
  "SIGTRAP",
  "SIGSYS",
] as const;

/**
 * The role of the process of one third-party engine: does what the server asks, one thing after the
 * other, on the main thread, and ends with the server.
 * @returns the exit status when it was not the server that started it.
 */
export function runEngineProcess(): number {
  if (![CONTROL_FD, DESCRIPTORS_FD].every(isSocket)) {
    writeSync(STDERR, `${ENGINE_PROCESS_NAME}: it is started by etmemd, to host an engine\n`);
    return 2;
  }
  prepareProcess();
  const channel = new ControlChannel(CONTROL_FD);
  const handler = new RequestHandler((operation) => channel.say({ say: "calling", operation }));
  channel.say({ say: "ready" });
  for (;;) {
    const request = channel.next();
    if (request === undefined) exitNow(0);
    try {
      const operations = handler.handle(request);
      channel.say(operations === undefined ? { say: "done" } : { say: "done", operations });
    } catch (error) {
      const isExpected = error instanceof RequestRefusal || error instanceof LinkError ||
        error instanceof GlibError;
      if (!isExpected) console.error(error);
      channel.say({
        say: "refused",
        message: messageOf(error),
      });
    }
    // Processes that the engine has left running end with this one.
    if (request.ask === "end") killOwnGroup();
  }
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}

/**
 * Makes this a process that is never a target, ends with the server, and dies of a crash by the
 * signal itself. Only the server stops it: signals to the whole service are for the server to act
 * on.
 */
function prepareProcess(): void {
  writeFileSync("/proc/self/comm", ENGINE_PROCESS_NAME);
  dieWithParent();
  closeOnExec(CONTROL_FD);
  closeOnExec(DESCRIPTORS_FD);
  setDefaultAction(CRASH_SIGNALS);
  ignoreSignals(["SIGTERM", "SIGINT", "SIGHUP", "SIGPIPE"]);
  flushStdoutByLine();
}

/** Does what the server asks for. */
class RequestHandler {
  readonly #beforeCall: (operation: string) => void;
  #engine: LoadedEngine | undefined;

  constructor(beforeCall: (operation: string) => void) {
    this.#beforeCall = beforeCall;
  }

  /**
   * @returns for "load" the operations that the engine has.
   * @throws {RequestRefusal | LinkError | GlibError}
   */
  handle(request: ProcessRequest): readonly string[] | undefined {
    if (request.ask === "load") return this.#load(request);
    const engine = this.#engine;
    if (engine === undefined) throw new RequestRefusal("no engine is loaded");
    switch (request.ask) {
      case "project_started":
        engine.setProjectStarted(request.isStarted);
        return undefined;
      case "fill_engine":
        engine.fillEngine(request.keyFileText);
        return undefined;
      case "fill_task":
        engine.fillTask(request.task, request.keyFileText);
        return undefined;
      case "start_task":
        engine.startTask(request.task, request.pids);
        return undefined;
      case "stop_task":
        engine.stopTask(request.task);
        return undefined;
      case "clear_task":
        engine.clearTask(request.task);
        return undefined;
      case "command":
        engine.command(request.command, request.task, receiveDescriptor(DESCRIPTORS_FD));
        return undefined;
      case "end":
        engine.end();
        return undefined;
    }
  }

  #load(request: Extract<ProcessRequest, { ask: "load" }>): readonly string[] {
    // Engines need not name GLib as a library of theirs: the original server had it loaded for all.
    loadForAll("libglib-2.0.so.0");
    const { libname, opsName, engine, project, isStarted } = request;
    const library = loadLibrary(libname, () => this.#beforeCall("loading"));
    let ops: number;
    try {
      ops = library.symbol(opsName);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      throw new RequestRefusal(
        `Cannot find "${opsName}" in "${libname}": no such symbol (ops_name)`,
        {
          cause: error,
        },
      );
    }
    this.#engine = new LoadedEngine(engine, project, library, ops, this.#beforeCall);
    this.#engine.setProjectStarted(isStarted);
    return this.#engine.operationNames;
  }
}
