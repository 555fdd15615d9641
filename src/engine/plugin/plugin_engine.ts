import type { EngineDescription, TaskDescription } from "../../config/engines.ts";
import type {
  ThirdPartyEngineDescription,
  ThirdPartyTaskDescription,
} from "../../config/engines/thirdparty.ts";
import type { ProjectDescription } from "../../config/project.ts";
import type { ProcessRequest } from "../../engine_process/messages.ts";
import { log } from "../../log/logger.ts";
import { findProcesses } from "../../procfs/find_processes.ts";
import { type Engine, type EngineCommand, type EngineKind, EngineRefusal } from "../engine.ts";
import type { RoundsWanted, TaskStatus } from "../../status/task_status.ts";
import { messageOf } from "../../text/message_of.ts";
import { TaskHistory } from "../round/task_history.ts";
import { plainTargetValue } from "../target_value.ts";
import { TaskTable } from "../task_table.ts";
import { CommandOutput } from "./command_output.ts";
import { EngineChild } from "./engine_child.ts";
import { operationLimitMs } from "./operation_limit.ts";

/** How long an operation may still take while a stop waits for it. */
const URGENT_MS = 500;

interface PluginTask {
  readonly description: ThirdPartyTaskDescription;
  state: "stopped" | "starting" | "running" | "stopping";
  /** It makes no rounds of ours, but it may fail. */
  readonly history: TaskHistory;
}

/**
 * A third-party engine, in a process of its own. When the process dies, the tasks have failed; the
 * next request starts a fresh process, and adds the engine and its tasks to it.
 * @internal
 */
export class PluginEngine implements Engine {
  readonly #description: ThirdPartyEngineDescription;
  readonly #project: ProjectDescription;
  readonly #limitMs: number;
  readonly #tasks = new TaskTable<PluginTask>();
  #isProjectStarted: boolean;
  #process: EngineChild | undefined;
  /** The operations that the engine has; others are not asked for. */
  #operations: readonly string[] = [];
  /** The end of the last piece of work: the engine does one at a time. */
  #tail: Promise<unknown> = Promise.resolve();

  /**
   * @param limitMs of one operation.
   * @param isProjectStarted whether it is added to a started project.
   */
  constructor(
    description: ThirdPartyEngineDescription,
    project: ProjectDescription,
    limitMs: number,
    isProjectStarted = false,
  ) {
    this.#description = description;
    this.#project = project;
    this.#limitMs = limitMs;
    this.#isProjectStarted = isProjectStarted;
  }

  /** Loads the library and adds the engine. @throws {EngineRefusal} */
  open(): Promise<void> {
    return this.#alone(async () => {
      await this.#ensureProcess();
    });
  }

  addTask(description: TaskDescription): Promise<void> {
    return this.#alone(async () => {
      if (description.kind !== "thirdparty") {
        throw new EngineRefusal(`task ${description.name} is not one of a third-party engine`);
      }
      const child = await this.#ensureProcess();
      await child.ask(this.#fillTask(description));
      this.#tasks.add({ description, state: "stopped", history: new TaskHistory() });
    });
  }

  removeTask(name: string): Promise<void> {
    return this.#alone(async () => {
      const child = this.#liveProcess();
      this.#tasks.remove(name);
      await child?.ask({ ask: "clear_task", task: name });
    });
  }

  startTask(name: string): Promise<void> {
    return this.#alone(async () => {
      const task = this.#tasks.get(name);
      await this.#ensureProcess();
      if (!this.#operations.includes("start_task")) {
        throw new EngineRefusal("its start_task is NULL", { fault: "invalid" });
      }
      task.history.failed = undefined;
      await this.#start(task, this.#pidsOf(task));
    });
  }

  async stopTask(name: string): Promise<void> {
    const task = this.#tasks.get(name);
    await this.#alone(async () => {
      if (task.state === "running") {
        task.state = "stopping";
        await this.#liveProcess()?.ask({ ask: "stop_task", task: name });
      }
      task.state = "stopped";
    });
  }

  projectStarted(isStarted: boolean): void {
    this.#isProjectStarted = isStarted;
    void this.#alone(async () => {
      await this.#liveProcess()?.ask({ ask: "project_started", isStarted });
    }).catch((error: unknown) => log.warning(`${this.#name}: ${messageOf(error)}`));
  }

  taskStatus(name: string, wanted?: RoundsWanted): TaskStatus {
    const { description, state, history } = this.#tasks.get(name);
    return history.taskStatus(description, state === "running", wanted);
  }

  command(request: EngineCommand): Promise<void> {
    const { command, task, json, signal, urgent } = request;
    return this.#alone(async () => {
      signal.throwIfAborted();
      const child = this.#liveProcess();
      if (child === undefined) {
        throw new EngineRefusal("its process has died, stop and start the project", {
          fault: "internal",
        });
      }
      if (!this.#operations.includes("eng_mgt_func")) {
        throw new EngineRefusal("it has no commands: its eng_mgt_func is NULL");
      }
      if (json) throw new EngineRefusal("it answers with text: leave --json out");
      const output = await openOutput(child, request);
      try {
        await inTime(
          child,
          urgent,
          () => child.ask({ ask: "command", command, ...(task === undefined ? {} : { task }) }),
        );
      } finally {
        const replaced = await output.end();
        if (replaced > 0) {
          log.warning(
            `${this.#name}: command ${command}: ${replaced} bytes 0xff and 0xfe of its answer ` +
              "replaced by ?, they are reserved for its end",
          );
        }
      }
    });
  }

  close(): Promise<void> {
    return this.#alone(async () => {
      const child = this.#process;
      this.#process = undefined;
      await child?.end();
    });
  }

  /** How it is called in the log. */
  get #name(): string {
    return `project ${this.#project.name}: engine ${this.#description.name}`;
  }

  /** Runs work after all earlier work has ended. The engine's name is put in front of a refusal. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#tail.then(work);
    this.#tail = mine.catch(() => {});
    try {
      return await mine;
    } catch (error) {
      if (!(error instanceof EngineRefusal)) throw error;
      throw new EngineRefusal(`engine ${this.#description.name}: ${error.message}`, {
        cause: error,
        ...(error.fault === undefined ? {} : { fault: error.fault }),
      });
    }
  }

  #liveProcess(): EngineChild | undefined {
    return this.#process?.isAlive === true ? this.#process : undefined;
  }

  /**
   * The live process, or a fresh one to which the engine and all tasks are added.
   * @throws {EngineRefusal}
   */
  async #ensureProcess(): Promise<EngineChild> {
    const live = this.#liveProcess();
    if (live !== undefined) return live;
    const { name, libname, opsName, keyFileText } = this.#description;
    const child = await EngineChild.start({
      title: `${this.#project.name}/${name}`,
      limitMs: this.#limitMs,
      log: (line) => log.warning(`${this.#name}: ${line}`),
      onDeath: (reason) => this.#onDeath(reason),
    });
    log.debug(`${this.#name}: its process is ${child.pid}`);
    try {
      this.#operations = await child.ask({
        ask: "load",
        engine: name,
        project: this.#project,
        isStarted: this.#isProjectStarted,
        libname,
        opsName,
      });
      await child.ask({ ask: "fill_engine", keyFileText });
      for (const { description } of this.#tasks.all) {
        await child.ask(this.#fillTask(description));
      }
    } catch (error) {
      await child.kill();
      throw error;
    }
    this.#process = child;
    return child;
  }

  /**
   * The processes that a task has now. There may be none:
   * engines look for their processes themselves.
   */
  #pidsOf({ description: { name, target } }: PluginTask): number[] {
    const found = findProcesses(target, (pid, error) => {
      log.warning(`${this.#name}: task ${name}: process ${pid}: ${error.message}`);
    });
    return found.map(({ pid }) => pid);
  }

  async #start(task: PluginTask, pids: readonly number[]): Promise<void> {
    const child = await this.#ensureProcess();
    task.state = "starting";
    try {
      await child.ask({ ask: "start_task", task: task.description.name, pids });
    } catch (error) {
      task.state = "stopped";
      throw error;
    }
    task.state = "running";
  }

  /** A task of a file without its engine is handed the [engine] that it has been added with. */
  #fillTask(
    { name, target, maxThreads, swapFlag, keyFileText, hasEngine }: ThirdPartyTaskDescription,
  ): ProcessRequest {
    return {
      ask: "fill_task",
      task: {
        name,
        type: target.type,
        value: plainTargetValue(target),
        maxThreads,
        swapFlag,
      },
      keyFileText: hasEngine ? keyFileText : `${this.#description.groupText}\n${keyFileText}`,
    };
  }

  #onDeath(reason: string): void {
    this.#process = undefined;
    const failed = `engine ${this.#description.name}: ${reason}`;
    log.error(`project ${this.#project.name}: ${failed}`);
    for (const task of this.#tasks.all) {
      if (task.state === "stopped") continue;
      task.state = "stopped";
      task.history.failed = failed;
    }
  }
}

/**
 * Opens the way from the engine to the client of a command, which may not want the text any more.
 */
function openOutput(
  child: EngineChild,
  { write, lag, signal }: EngineCommand,
): Promise<CommandOutput> {
  return CommandOutput.open({
    client: {
      write: (text) => {
        if (!signal.aborted) write(text);
      },
      lag: () => signal.aborted ? undefined : lag(),
    },
    handOver: (fd) => child.give(fd),
    onHeldUp: (over) => void child.holdClock(over),
  });
}

/**
 * Does work in an engine's process. Once it is urgent, the process gives up what takes too long.
 */
async function inTime(
  child: EngineChild,
  urgent: AbortSignal,
  work: () => Promise<unknown>,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hurry = (): void => {
    timer = setTimeout(() => child.giveUp("did not return before the stop"), URGENT_MS);
  };
  urgent.addEventListener("abort", hurry);
  if (urgent.aborted) hurry();
  try {
    await work();
  } finally {
    urgent.removeEventListener("abort", hurry);
    clearTimeout(timer);
  }
}

/** The kind of engines that are libraries of third parties. */
export const PLUGIN: EngineKind<"thirdparty"> = {
  kind: "thirdparty",
  async create(
    description: EngineDescription,
    project: ProjectDescription,
    isProjectStarted: boolean,
  ): Promise<Engine> {
    if (description.kind !== "thirdparty") {
      throw new EngineRefusal(`${description.name} is not a third-party engine`);
    }
    const engine = new PluginEngine(description, project, operationLimitMs(), isProjectStarted);
    await engine.open();
    return engine;
  },
};
