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
import { HOST_NAME } from "./host_name.ts";
import { HostRefusal } from "./host_refusal.ts";
import { HostedEngine } from "./hosted_engine.ts";
import { loadLibrary } from "./load_library.ts";
import type { HostRequest } from "./messages.ts";

/** Descriptors that the server gives a host, see host_process.ts. */
const CONTROL_FD = 3;
const DESCRIPTORS_FD = 4;
const STDERR = 2;

/** A crash of the engine is to end the process by the signal itself, without a word of the runtime's. */
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
 * The role of a process that hosts one third-party engine: does what the server asks, one thing after the
 * other, on the main thread, and ends with the server.
 * @returns the exit status when somebody else than the server has started it.
 */
export function runEngineHost(): number {
  if (![CONTROL_FD, DESCRIPTORS_FD].every(isSocket)) {
    writeSync(STDERR, `${HOST_NAME}: it is started by etmemd, to host an engine\n`);
    return 2;
  }
  prepareProcess();
  const channel = new ControlChannel(CONTROL_FD);
  const host = new Host((operation) => channel.say({ say: "calling", operation }));
  channel.say({ say: "ready" });
  for (;;) {
    const request = channel.next();
    if (request === undefined) exitNow(0);
    try {
      const operations = host.serve(request);
      channel.say(operations === undefined ? { say: "done" } : { say: "done", operations });
    } catch (error) {
      const isExpected = error instanceof HostRefusal || error instanceof LinkError ||
        error instanceof GlibError;
      if (!isExpected) console.error(error);
      channel.say({
        say: "refused",
        message: messageOf(error),
      });
    }
    // Whatever the engine has left running goes with this process.
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
 * Makes this a process that is never a target, ends with the server, dies of what kills it, and is stopped
 * by nobody but the server: signals to the whole service are for the server to act on.
 */
function prepareProcess(): void {
  writeFileSync("/proc/self/comm", HOST_NAME);
  dieWithParent();
  closeOnExec(CONTROL_FD);
  closeOnExec(DESCRIPTORS_FD);
  setDefaultAction(CRASH_SIGNALS);
  ignoreSignals(["SIGTERM", "SIGINT", "SIGHUP", "SIGPIPE"]);
  flushStdoutByLine();
}

/** Does what the server asks for. */
class Host {
  readonly #beforeCall: (operation: string) => void;
  #engine: HostedEngine | undefined;

  constructor(beforeCall: (operation: string) => void) {
    this.#beforeCall = beforeCall;
  }

  /**
   * @returns for "load" the operations that the engine has.
   * @throws {HostRefusal | LinkError | GlibError}
   */
  serve(request: HostRequest): readonly string[] | undefined {
    if (request.ask === "load") return this.#load(request);
    const engine = this.#engine;
    if (engine === undefined) throw new HostRefusal("no engine is loaded");
    switch (request.ask) {
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

  #load(request: Extract<HostRequest, { ask: "load" }>): readonly string[] {
    // Engines need not name GLib as a library of theirs: the original server had it loaded for all.
    loadForAll("libglib-2.0.so.0");
    const { libname, opsName, engine, project } = request;
    const library = loadLibrary(libname, () => this.#beforeCall("loading"));
    let ops: number;
    try {
      ops = library.symbol(opsName);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      throw new HostRefusal(`Cannot find "${opsName}" in "${libname}": no such symbol (ops_name)`, {
        cause: error,
      });
    }
    this.#engine = new HostedEngine(engine, project, library, ops, this.#beforeCall);
    return this.#engine.operationNames;
  }
}
