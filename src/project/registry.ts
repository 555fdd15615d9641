import type { ProjectDescription } from "../config/project.ts";
import type {
  EngineCommand,
  EngineKind,
  HistogramRequest,
  OutCount,
  RestoreAccount,
} from "../engine/engine.ts";
import type { AdviceDocument } from "../status/advice.ts";
import type { RoundsWanted } from "../status/task_status.ts";
import type { HistogramDocument } from "../status/histogram.ts";
import { log } from "../log/logger.ts";
import { Refusal } from "../rpc/refusal.ts";
import { addObjects, type AddOptions } from "./addition.ts";
import type { ObjectDescriptions } from "./check_addition.ts";
import { engineFailure, noEngine, noProject, noTask } from "./refusals.ts";
import { KeyedLock } from "../async/keyed_lock.ts";
import {
  isTransient,
  type LiveProject,
  type ObjectDescription,
  type TaskRef,
  tasksOf,
} from "./live_project.ts";
import { adviceFor, histogramOf } from "./memory_views.ts";
import { projectOf } from "./object_key.ts";
import { objectsOf } from "./object_lists.ts";
import type { Outline } from "./outline.ts";
import { type ProjectView, viewOf } from "./project_view.ts";
import { type RememberStarted, tryToRemember } from "./remember_started.ts";
import { giveUpRestores, type NamesToRemove, removeObjects } from "./removal.ts";
import { bringBack, countOut, type RestoreRequest } from "./swapped_out.ts";
import { startTasks, stopTasks, warningsOf } from "./start_stop.ts";
import { type Update, updateObjects } from "./update.ts";

/** A private command, and the engine that it is for. */
export interface EngineRequest extends Omit<EngineCommand, "urgent"> {
  readonly project: string;
  readonly engine: string;
}

/** What a removal came to. */
export interface Removal {
  /** The files of --conf-dir that some of the objects came from. */
  readonly confFiles: readonly string[];
  /** What failed; it is in the log too. */
  readonly problems: readonly string[];
  /** What the tasks had moved to swap, and is still there. */
  readonly out: OutCount;
}

const NEVER = new AbortController().signal;

/**
 * All projects of the server. Changes of one project run one after the other; `view` never waits.
 * Every change takes a signal: when it fires, the change stops at its next step and is undone. Only
 * stopping and removing go on to their end.
 */
export class Registry {
  readonly #loadKinds: () => Promise<readonly EngineKind[]>;
  readonly #projects = new Map<string, LiveProject>();
  readonly #lock = new KeyedLock();
  readonly #rememberStarted: RememberStarted;
  /** The file of --conf-dir that an object comes from. */
  readonly #confFiles = new WeakMap<ObjectDescription, string>();

  /** @param loadKinds loads the table of engines; called when an engine is added. */
  constructor(
    loadKinds: () => Promise<readonly EngineKind[]>,
    rememberStarted: RememberStarted = () => Promise.resolve(),
  ) {
    this.#loadKinds = loadKinds;
    this.#rememberStarted = rememberStarted;
  }

  /** The settings of a project, if it is there. */
  describe(project: string): ProjectDescription | undefined {
    return this.#projects.get(project)?.description;
  }

  /** Whether a project is there and started. */
  isStarted(project: string): boolean {
    return this.#projects.get(project)?.started === true;
  }

  /** What is there at the moment. */
  get outline(): Outline {
    return this.#projects;
  }

  /** The file of --conf-dir that an object comes from. */
  confFileOf(object: ObjectDescription): string | undefined {
    return this.#confFiles.get(object);
  }

  /** Notes that an object comes from a file of --conf-dir, or now from another one. */
  attribute(object: ObjectDescription, confFile: string): void {
    this.#confFiles.set(object, confFile);
  }

  /**
   * Adds objects, all or none. Tasks of started projects are started.
   * @returns warnings; they are in the log too.
   * @throws {Refusal} and then nothing has changed.
   */
  add(objects: ObjectDescriptions, { confFile, signal }: AddOptions): Promise<string[]> {
    const all = objectsOf(objects);
    if (confFile !== undefined) {
      for (const one of all) this.attribute(one, confFile);
    }
    return this.#lock.run(
      all.map(projectOf),
      signal,
      () => addObjects(this.#projects, this.#loadKinds, objects, signal),
    );
  }

  /**
   * Removes objects, stopping them first.
   * @throws {Refusal} when one is not there; then all stay.
   */
  remove(
    names: NamesToRemove,
    signal: AbortSignal,
  ): Promise<Removal> {
    const keys = [
      ...names.projects,
      ...names.engines.map((e) => e.project),
      ...names.tasks.map((t) => t.project),
    ];
    return this.#lock.run(keys, signal, async () => {
      const { gone, problems, out } = await removeObjects(this.#projects, names, true);
      const confFiles = new Set(gone.flatMap((one) => this.#confFiles.get(one) ?? []));
      return { confFiles: [...confFiles], problems, out };
    });
  }

  /**
   * Puts objects in the place of others, all or none of them. Projects stay started or stopped.
   * @param keys the projects that the update may be about.
   * @param decide says what is to be done when the others that change these projects have ended.
   * @returns the descriptions of what is gone.
   * @throws {Refusal} and then all is as before, but what was stopped for it has begun anew.
   */
  update(
    keys: readonly string[],
    signal: AbortSignal,
    decide: () => Update | undefined,
  ): Promise<readonly ObjectDescription[]> {
    return this.#lock.run(keys, signal, async () => {
      const update = decide();
      if (update === undefined) return [];
      return await updateObjects(this.#projects, this.#loadKinds, update, signal);
    });
  }

  /**
   * Starts all tasks of a project.
   * @param isDryRun nothing is to be moved, whatever the configuration says.
   * @returns warnings; they are in the log too.
   * @throws {Refusal} and then none of them runs.
   */
  start(name: string, signal: AbortSignal, isDryRun = false): Promise<string[]> {
    return this.#lock.run([name], signal, async () => {
      const project = this.#find(name);
      if (project.started) throw new Refusal("projectStarted", `"${name}"`);
      giveUpRestores(project, new Refusal("projectStarted", `"${name}": started meanwhile`));
      const tasks = tasksOf(project.engines.values());
      const started: TaskRef[] = [];
      const moves = !isDryRun && project.description.dryRun === undefined;
      try {
        await startTasks(tasks, started, () => !moves, signal);
      } catch (error) {
        await stopTasks(started);
        throw error;
      }
      setStarted(project, true);
      project.isDryRun = !moves;
      const how = moves ? "started" : "started as a dry run";
      log.info(`project "${name}" is ${how}: ${roundOf(project.description)}`);
      return [
        ...warnOfNothingToDo(name, tasks),
        ...warningsOf(tasks),
        ...await this.#remember(project),
      ];
    });
  }

  /**
   * Stops all tasks of a project, and ends its commands.
   * @returns warnings; they are in the log too.
   * @throws {Refusal} also when a task could not be stopped.
   */
  stop(name: string, signal: AbortSignal): Promise<string[]> {
    // Before the lock is taken: a change that has it may wait for an engine that runs a command.
    this.#giveUpCommands(name);
    return this.#lock.run([name], signal, () => this.#stop(this.#find(name)));
  }

  /** Stops and removes everything. Failures go to the log. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#projects.keys()].map((name) => {
        this.#giveUpCommands(name);
        return this.#lock.run([name], NEVER, async () => {
          if (!this.#projects.has(name)) return;
          const names = { projects: [name], engines: [], tasks: [] };
          await removeObjects(this.#projects, names, false);
        });
      }),
    );
  }

  /**
   * Runs a private command of an engine of a started project. It holds no lock: a change that stops
   * or removes the engine ends the command. @throws {Refusal}
   */
  async command(request: EngineRequest): Promise<void> {
    const { running } = await this.#lock.run([request.project], request.signal, async () => {
      const project = this.#find(request.project);
      const engine = project.engines.get(request.engine);
      if (engine === undefined) throw noEngine(request.project, request.engine);
      if (request.task !== undefined && !engine.tasks.has(request.task)) {
        throw noTask(request.project, request.engine, request.task);
      }
      if (!project.started) {
        throw new Refusal(
          "projectStopped",
          `"${request.project}": start it to use engine commands`,
        );
      }
      return {
        running: engine.commands.run(
          request.signal,
          (signals) => engine.engine.command({ ...request, ...signals }),
        ),
      };
    });
    try {
      await running;
    } catch (error) {
      request.signal.throwIfAborted();
      throw engineFailure(`Cannot run "${request.command}"`, error, "invalid");
    }
  }

  /**
   * The memory of the tasks of a started project by its idle age. It holds no lock.
   * @param task only this one. @throws {Refusal}
   */
  async histogram(
    name: string,
    task: string | undefined,
    request: HistogramRequest,
  ): Promise<HistogramDocument> {
    const project = this.#findStarted(name, "to see the ages of its memory");
    return await histogramOf(project, task, request);
  }

  /**
   * What fits a started project, by what was seen of it.
   * @param stallLimitPercent that of all tasks; undefined: each has its own. @throws {Refusal}
   */
  advise(name: string, stallLimitPercent: number | undefined): AdviceDocument {
    const project = this.#findStarted(name, "to have its memory looked at");
    return adviceFor(project, stallLimitPercent);
  }

  /**
   * What the tasks of a stopped project have moved to swap and is still there.
   * @throws {Refusal} when there is no such project.
   */
  countOut(name: string): Promise<OutCount> {
    return countOut(tasksOf(this.#find(name).engines.values()));
  }

  /**
   * Brings that back. It holds no lock: a start or a removal ends it.
   * @throws {Refusal} also when the project is started, or its memory is being brought back.
   */
  async restore(request: RestoreRequest): Promise<RestoreAccount> {
    const { project: name, signal } = request;
    let account: RestoreAccount | undefined;
    const { running } = await this.#lock.run([name], signal, async () => {
      const project = this.#find(name);
      if (project.started) {
        throw new Refusal("projectStarted", `"${name}": stop it to bring its memory back`);
      }
      if (project.restores.isBusy) {
        throw new Refusal("invalid", `the memory of project "${name}" is being brought back`);
      }
      return {
        running: project.restores.run(signal, async (signals) => {
          account = await bringBack(project, { ...request, signal: signals.signal });
        }),
      };
    });
    await running;
    return account!;
  }

  /**
   * The projects, newest first.
   * @param name only this project.
   * @param wanted which rounds of a task; all that are known if left out.
   * @throws {Refusal} when there is no such project.
   */
  view(name?: string, wanted?: RoundsWanted): ProjectView[] {
    const projects = name === undefined ? [...this.#projects.values()] : [this.#find(name)];
    const confFileOf = (one: ObjectDescription): string | undefined => this.confFileOf(one);
    return projects.reverse().map((project) => viewOf(project, confFileOf, wanted));
  }

  #find(name: string): LiveProject {
    const project = this.#projects.get(name);
    if (project === undefined) throw noProject(name);
    return project;
  }

  /** @param purpose what a start is needed for. */
  #findStarted(name: string, purpose: string): LiveProject {
    const project = this.#find(name);
    if (project.started) return project;
    throw new Refusal(
      "projectStopped",
      `"${name}": start it ${purpose}; with --dry-run nothing is moved`,
    );
  }

  #giveUpCommands(name: string): void {
    const reason = new Refusal("projectStopped", `"${name}": stopped during the command`);
    for (const { commands } of this.#projects.get(name)?.engines.values() ?? []) {
      commands.giveUp(reason, { isUrgent: true });
    }
  }

  async #remember(project: LiveProject): Promise<string[]> {
    const { description, started } = project;
    if (!this.#confFiles.has(description)) return [];
    // After a dry run that only its client asked for, a server that starts anew moves nothing.
    const isToStart = started && !isTransient(project);
    return await tryToRemember(this.#rememberStarted, description.name, isToStart);
  }

  async #stop(project: LiveProject): Promise<string[]> {
    const { name } = project.description;
    if (!project.started) throw new Refusal("projectStopped", `"${name}"`);
    this.#giveUpCommands(name);
    const problems = await stopTasks(tasksOf(project.engines.values()));
    setStarted(project, false);
    log.info(`project "${name}" is stopped`);
    const warnings = await this.#remember(project);
    if (problems.length > 0) throw new Refusal("internal", problems.join("; "));
    return warnings;
  }
}

function setStarted(project: LiveProject, isStarted: boolean): void {
  project.started = isStarted;
  for (const { engine } of project.engines.values()) engine.projectStarted?.(isStarted);
}

function warnOfNothingToDo(project: string, tasks: readonly TaskRef[]): string[] {
  if (tasks.length > 0) return [];
  const warning = `project "${project}" has no task`;
  log.warning(warning);
  return [warning];
}

/** The schedule of a project in words: `round: 3 scans 60 s apart, then 1 s pause`. */
function roundOf({ scanType, loop, intervalSeconds, sleepSeconds }: ProjectDescription): string {
  if (scanType === "psi") return `a round every ${intervalSeconds} s`;
  const scans = loop === 1 ? "1 scan" : `${loop} scans ${intervalSeconds} s apart`;
  return `round: ${scans}, then ${sleepSeconds} s pause`;
}
