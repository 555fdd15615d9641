import type { EngineDescription, EngineKindName, TaskDescription } from "../config/engines.ts";
import type { ProjectDescription } from "../config/project.ts";
import type { AdviceDocument } from "../status/advice.ts";
import type { TaskHistogram } from "../status/histogram.ts";
import type { RoundsWanted, TaskStatus } from "../status/task_status.ts";

/**
 * A live engine: one [engine] of one project with its tasks. The project makes one call at a time
 * to an engine, with two exceptions: it calls stopTask for several tasks at once, so that a stop
 * takes as long as its slowest task; and it makes other calls while a command runs.
 */
export interface Engine {
  /** Its tasks can account as if they moved; absent: a dry run is refused. */
  readonly hasDryRun?: true;
  /**
   * Takes a task in, without starting it.
   * @throws {EngineRefusal} when the task cannot be taken.
   */
  addTask(task: TaskDescription): Promise<void>;
  /** Forgets a stopped task. */
  removeTask(name: string): Promise<void>;
  /**
   * Starts an added task and resolves once it is certain that it can work.
   * @throws {EngineRefusal} with the reason; then nothing of the task runs.
   */
  startTask(name: string, options?: StartOptions): Promise<void>;
  /** Stops a task: resolves within a second, with no work of the task left running. */
  stopTask(name: string): Promise<void>;
  /** Called when the project has been started or stopped; for an engine that shows it. */
  projectStarted?(isStarted: boolean): void;
  /**
   * What is known of a task, started or not.
   * @param wanted which of its rounds; all that are known if left out.
   */
  taskStatus(name: string, wanted?: RoundsWanted): TaskStatus;
  /**
   * Runs a private command of the engine (`etmem engine CMD`).
   * @throws {EngineRefusal} when there is no such command or it failed.
   */
  command(request: EngineCommand): Promise<void>;
  /**
   * The memory of a task by its idle age; absent: the engine keeps no ages.
   * @throws {EngineRefusal | the reason of the signal}
   */
  histogram?(task: string, request: HistogramRequest): Promise<TaskHistogram>;
  /**
   * What fits the tasks, by what was seen of them; absent: the engine keeps no ages.
   * @param stallLimitPercent that of all tasks; undefined: each has its own.
   */
  advise?(stallLimitPercent: number | undefined): EngineAdvice;
  /**
   * Counts what a stopped task has moved to swap and is still there; absent in an engine that moves
   * nothing there.
   * @param untilMs by performance.now(): what is not looked at by then counts without a look.
   */
  countOut?(name: string, untilMs: number): Promise<OutCount>;
  /** Brings that back; the task stays stopped meanwhile. There where countOut() is. */
  bringBack?(name: string, order: RestoreOrder): Promise<RestoreAccount>;
  /** Gives everything back; all tasks are stopped and removed before. */
  close(): Promise<void>;
}

/** What is wanted of a histogram. */
export interface HistogramRequest {
  /** Some cold pages are to be read, and compressed. */
  readonly estimateCompression: boolean;
  /** Takes how far that is. */
  readonly progress?: (doneBytes: number, allBytes: number) => void;
  /** Fires when it is not wanted any more. */
  readonly signal: AbortSignal;
}

/** What an engine advises. */
export type EngineAdvice = Pick<AdviceDocument, "tasks" | "lines">;

/** How a task is started. */
export interface StartOptions {
  /** It is to account as if it moved, and to move nothing. */
  readonly isDryRun: boolean;
}

/** What is in swap. */
export interface OutCount {
  readonly bytes: number;
  /** False: it may be less, for not all pages were looked at. */
  readonly isWhole: boolean;
}

/** How memory is to come back from swap. */
export interface RestoreLimits {
  /** Only while MemAvailable is above so much of MemTotal. */
  readonly keepFreePercent: number;
  /** Bytes a second; absent: as fast as it goes. */
  readonly bytesPerSecond?: number;
}

/** What an engine is told about bringing memory back. */
export interface RestoreOrder {
  readonly limits: RestoreLimits;
  /** Fires when it is to end; what is back by then stays. */
  readonly signal: AbortSignal;
  /** Takes the bytes that are back so far, now and then. */
  readonly progress: (backBytes: number) => void;
}

/** What came of that. */
export interface RestoreAccount {
  /** Was in swap and is present now. */
  readonly backBytes: number;
  /** Is still in swap, as far as it is known. */
  readonly leftBytes: number;
  /** Why something is left. */
  readonly reasons: readonly string[];
  /** Processes of which something was out, and that have ended or execute another program. */
  readonly endedProcesses: number;
}

/** A private command on its way to an engine. */
export interface EngineCommand {
  readonly command: string;
  /** The task of -t; undefined: about the whole engine. */
  readonly task?: string;
  /** The client asked for one JSON document instead of a table. */
  readonly json: boolean;
  /** Takes the answer's text in pieces, in order. */
  readonly write: (text: Uint8Array | string) => void;
  /** While the client lags far behind: resolves when it has caught up, or is given up. */
  readonly lag: () => Promise<void> | undefined;
  /** Fires when the answer is not wanted: client gone, out of time, or project stopped. */
  readonly signal: AbortSignal;
  /** Fires when the engine is about to be stopped: the command has to end within a second. */
  readonly urgent: AbortSignal;
}

/** What an engine is made of: an entry of the engine table in `engines.ts`. */
export interface EngineKind<Kind extends EngineKindName = EngineKindName> {
  readonly kind: Kind;
  /** Makes a live engine of a description. @throws {EngineRefusal} when it cannot be. */
  create(
    description: EngineDescription,
    project: ProjectDescription,
    isProjectStarted: boolean,
  ): Promise<Engine>;
}

/** An engine says no; `message` is one line that names what is wrong, for the client. */
export class EngineRefusal extends Error {
  override readonly name = "EngineRefusal";
  /**
   * Whose fault it is: that of the configuration or command ("invalid"), or not ("internal"). Left
   * out, it is "internal" for a start and "invalid" for everything else.
   */
  readonly fault: "invalid" | "internal" | undefined;

  constructor(message: string, options: ErrorOptions & { fault?: "invalid" | "internal" } = {}) {
    super(message, options);
    this.fault = options.fault;
  }
}
