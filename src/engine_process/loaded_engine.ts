import { CMemory } from "../../ffi/c_memory.ts";
import type { EngineLibrary } from "../../ffi/engine_library.ts";
import {
  bindOperations,
  type EngineOperations,
  type OperationName,
} from "../../ffi/engine_operations.ts";
import { GKeyFile } from "../../ffi/glib.ts";
import { AnswerSocket } from "./answer_socket.ts";
import { EngineObjects, TaskObjects } from "./engine_objects.ts";
import { type ProjectSettings, RequestRefusal, type TaskSettings } from "./messages.ts";
import { TaskPids } from "./task_pids.ts";

interface LiveTask {
  readonly objects: TaskObjects;
  /** While it is started. */
  processes?: TaskPids;
}

/**
 * An engine of a loaded library and its tasks:
 * calls the nine operations in the order that they promise.
 */
export class LoadedEngine {
  /** Those that are not NULL. */
  readonly operationNames: readonly string[];
  readonly #operations: Partial<EngineOperations>;
  readonly #objects: EngineObjects;
  readonly #tasks = new Map<string, LiveTask>();
  readonly #library: EngineLibrary;
  readonly #beforeCall: (operation: string) => void;

  /**
   * @param ops address of its struct engine_ops.
   * @param beforeCall called with the name of each operation, just before it.
   */
  constructor(
    name: string,
    project: ProjectSettings,
    library: EngineLibrary,
    ops: number,
    beforeCall: (operation: string) => void,
  ) {
    this.#library = library;
    this.#beforeCall = beforeCall;
    const operations = bindOperations(ops);
    this.operationNames = Object.keys(operations);
    this.#operations = announced(operations, beforeCall);
    this.#objects = new EngineObjects(name, project, library.handle, ops);
  }

  /**
   * What proj->start says: it changes when all tasks of the project have been started, or stopped.
   */
  setProjectStarted(isStarted: boolean): void {
    this.#objects.setStarted(isStarted);
  }

  /** @throws {RequestRefusal} when the engine does not want it. */
  fillEngine(keyFileText: string): void {
    using file = new GKeyFile(Buffer.from(keyFileText));
    const fill = this.#operations.fill_eng_params;
    check("fill_eng_params", fill?.(file.address, this.#objects.engine.address));
  }

  /** @throws {RequestRefusal} when the engine does not want the task; then it is not there. */
  fillTask(task: TaskSettings, keyFileText: string): void {
    using file = new GKeyFile(Buffer.from(keyFileText));
    const objects = new TaskObjects(task, this.#objects);
    this.#objects.link(objects);
    const status = this.#operations.fill_task_params?.(file.address, objects.struct.address);
    if (status !== undefined && status !== 0) {
      this.#objects.unlink(objects);
      objects[Symbol.dispose]();
    }
    check("fill_task_params", status);
    this.#tasks.set(task.name, { objects });
  }

  /** @throws {RequestRefusal} when the engine does not start it; then nothing of it is left. */
  startTask(name: string, pids: readonly number[]): void {
    const task = this.#task(name);
    const { start_task: start } = this.#operations;
    if (start === undefined) throw new RequestRefusal("start_task is NULL");
    const engine = this.#objects.engine.address;
    const processes = new TaskPids(engine, task.objects, this.#operations);
    try {
      for (const pid of pids) processes.add(pid);
      check("start_task", start(engine, task.objects.struct.address));
    } catch (error) {
      processes.free();
      throw error;
    }
    task.processes = processes;
  }

  /** Stops a task; one that is not started stays so. */
  stopTask(name: string): void {
    const task = this.#task(name);
    const { processes } = task;
    if (processes === undefined) return;
    this.#operations.stop_task?.(this.#objects.engine.address, task.objects.struct.address);
    delete task.processes;
    processes.free();
  }

  /** Forgets a stopped task. */
  clearTask(name: string): void {
    const { objects } = this.#task(name);
    this.#operations.clear_task_params?.(objects.struct.address);
    this.#objects.unlink(objects);
    this.#tasks.delete(name);
    objects[Symbol.dispose]();
  }

  /**
   * Runs a private command, with or without a task.
   * @param fd where the answer goes; it is at its end afterwards, also for threads that kept it.
   * @throws {RequestRefusal} when it failed.
   */
  command(command: string, taskName: string | undefined, fd: number): void {
    const answer = new AnswerSocket(fd);
    try {
      const { eng_mgt_func: manage } = this.#operations;
      if (manage === undefined) {
        throw new RequestRefusal("it has no commands: eng_mgt_func is NULL");
      }
      using text = CMemory.string(command);
      const task = taskName === undefined ? 0 : this.#task(taskName).objects.struct.address;
      const engine = this.#objects.engine.address;
      check("eng_mgt_func", manage(engine, task, text.address, fd));
    } finally {
      answer.end();
    }
  }

  /** Clears the engine and unloads its library. */
  end(): void {
    this.#operations.clear_eng_params?.(this.#objects.engine.address);
    this.#beforeCall("unloading");
    this.#library[Symbol.dispose]();
  }

  #task(name: string): LiveTask {
    const task = this.#tasks.get(name);
    if (task === undefined) throw new RequestRefusal(`there is no task "${name}"`);
    return task;
  }
}

/** @param status undefined: the operation is NULL. @throws {RequestRefusal} */
function check(operation: OperationName, status: number | undefined): void {
  if (status !== undefined && status !== 0) {
    throw new RequestRefusal(`${operation} returned ${status}`);
  }
}

/** The same operations; each tells its name first. */
function announced(
  operations: Partial<EngineOperations>,
  beforeCall: (operation: string) => void,
): Partial<EngineOperations> {
  return Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => [name, (...args: number[]) => {
      beforeCall(name);
      return Reflect.apply(operation, undefined, args);
    }]),
  );
}
