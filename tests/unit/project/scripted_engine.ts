import type { EngineDescription, TaskDescription } from "../../../src/config/engines.ts";
import {
  type Engine,
  type EngineCommand,
  type EngineKind,
  EngineRefusal,
  type StartOptions,
} from "../../../src/engine/engine.ts";
import { plainTargetValue } from "../../../src/engine/target_value.ts";
import { noTotal, type TaskStatus } from "../../../src/status/task_status.ts";

/** What an engine was told, for example `start a`. */
export type Call = `${
  | "create"
  | "add"
  | "remove"
  | "start"
  | "dry start"
  | "stop"
  | "command"
  | "close"} ${string}`;

/**
 * A small engine that keeps the contract and whose behaviour a test writes down beforehand: a call
 * can be refused, fail, or be held until the test lets it go. It checks that it is called as the
 * contract says.
 */
export class ScriptedEngines implements EngineKind {
  readonly kind = "slide";
  /** All calls in the order in which they began, of all engines. */
  readonly calls: Call[] = [];
  /** Whether engines that are made can do a dry run. */
  hasDryRun = true;
  /** Commands that were told to be over at once. */
  readonly hurried: string[] = [];
  /** What has no effect of a task that runs, by the task's name. */
  readonly warnings = new Map<string, string>();
  /** What has no effect of every other task. */
  warning: string | undefined;
  /** Tasks that run, as `project/task`. */
  readonly running = new Set<string>();
  /** Engines and tasks that are there, and whose they are. */
  readonly #alive = new Map<string, Engine>();
  readonly #failures = new Map<Call, Error>();
  readonly #gates = new Map<Call, PromiseWithResolvers<void>>();

  /** Engines and tasks that are there, as `project` and `project/task`. */
  get alive(): ReadonlySet<string> {
    return new Set(this.#alive.keys());
  }

  /** To be called by an engine: it, or a task of it, is there. */
  born(id: string, engine: Engine): void {
    this.#alive.set(id, engine);
  }

  /** The same when it is not any more; one of a later engine may be. */
  gone(id: string, engine: Engine): void {
    if (this.#alive.get(id) === engine) this.#alive.delete(id);
  }

  /** Lets a call fail with an error, every time. */
  fail(call: Call, error: Error = new EngineRefusal(`${call} is refused`)): void {
    this.#failures.set(call, error);
  }

  /** Lets a call succeed again. */
  mend(call: Call): void {
    this.#failures.delete(call);
  }

  /** Holds a call until release(). */
  hold(call: Call): void {
    this.#gates.set(call, Promise.withResolvers());
  }

  release(call: Call): void {
    this.#gates.get(call)?.resolve();
    this.#gates.delete(call);
  }

  /** To be called by the engines: notes the call and does what was written down for it. */
  async play(call: Call): Promise<void> {
    this.calls.push(call);
    await this.#gates.get(call)?.promise;
    const failure = this.#failures.get(call);
    if (failure !== undefined) throw failure;
  }

  async create(description: EngineDescription): Promise<Engine> {
    await this.play(`create ${description.project}`);
    return new ScriptedEngine(description.project, this);
  }
}

class ScriptedEngine implements Engine {
  readonly hasDryRun?: true;
  readonly #project: string;
  readonly #script: ScriptedEngines;
  readonly #tasks = new Map<string, TaskDescription>();
  readonly #running = new Set<string>();
  #busy: string | undefined;

  constructor(project: string, script: ScriptedEngines) {
    this.#project = project;
    this.#script = script;
    if (script.hasDryRun) this.hasDryRun = true;
    script.born(project, this);
  }

  addTask(task: TaskDescription): Promise<void> {
    return this.#alone(`add ${task.name}`, () => {
      if (this.#tasks.has(task.name)) throw new Error(`"${task.name}" is added twice`);
      this.#tasks.set(task.name, task);
      this.#script.born(this.#id(task.name), this);
    });
  }

  removeTask(name: string): Promise<void> {
    return this.#alone(`remove ${name}`, () => {
      if (this.#isRunning(name)) throw new Error(`"${name}" is removed while it runs`);
      this.#task(name);
      this.#tasks.delete(name);
      this.#script.gone(this.#id(name), this);
    });
  }

  startTask(name: string, options?: StartOptions): Promise<void> {
    return this.#alone(`${options?.isDryRun === true ? "dry start" : "start"} ${name}`, () => {
      this.#task(name);
      if (this.#isRunning(name)) throw new Error(`"${name}" is started twice`);
      if (this.#script.running.has(this.#id(name))) throw new Error(`another "${name}" runs`);
      this.#running.add(name);
      this.#script.running.add(this.#id(name));
    });
  }

  async stopTask(name: string): Promise<void> {
    this.#task(name);
    await this.#script.play(`stop ${name}`);
    if (!this.#running.delete(name)) throw new Error(`"${name}" does not run`);
    this.#script.running.delete(this.#id(name));
  }

  taskStatus(name: string): TaskStatus {
    const task = this.#task(name);
    const warning = this.#script.warnings.get(name) ?? this.#script.warning;
    return {
      name,
      engine: task.engine,
      type: task.target.type,
      value: plainTargetValue(task.target),
      started: this.#isRunning(name),
      ...(warning === undefined ? {} : { warnings: [warning] }),
      total: noTotal(),
      rounds: [],
    };
  }

  async command(request: EngineCommand): Promise<void> {
    request.urgent.addEventListener("abort", () => this.#script.hurried.push(request.command));
    await this.#script.play(`command ${request.command}`);
    request.write(`${request.command} of ${request.task ?? "all"}\n`);
  }

  close(): Promise<void> {
    return this.#alone(`close ${this.#project}`, () => {
      if (this.#tasks.size > 0) throw new Error("closed with tasks");
      this.#script.gone(this.#project, this);
    });
  }

  #id(task: string): string {
    return `${this.#project}/${task}`;
  }

  #isRunning(task: string): boolean {
    return this.#running.has(task);
  }

  #task(name: string): TaskDescription {
    const task = this.#tasks.get(name);
    if (task === undefined) throw new Error(`there is no task "${name}"`);
    return task;
  }

  /** The project may not call these two at a time. */
  async #alone(call: Call, action: () => void): Promise<void> {
    if (this.#busy !== undefined) throw new Error(`${call} is called during ${this.#busy}`);
    this.#busy = call;
    try {
      await this.#script.play(call);
      action();
    } finally {
      this.#busy = undefined;
    }
  }
}
