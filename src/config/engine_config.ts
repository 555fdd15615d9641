import type { Keys, KeySpec, ValuesOf } from "./key_table.ts";
import type { KeyedObject } from "./keyed_object.ts";
import type { ScanType } from "./project.ts";
import type { TaskCommon, TaskContext } from "./task.ts";

/** What the description of any engine says. */
export interface EngineCommon {
  /** Which engine it is, by its name in the table of engines. */
  readonly kind: string;
  readonly project: string;
  /** What tasks and `etmem engine -e` call it. */
  readonly name: string;
}

/** What an engine is compiled with beside its own values. */
export interface EngineContext {
  readonly engine: KeyedObject;
  /** The key file text that a third-party engine is handed. */
  readonly keyFileText: () => string;
}

/**
 * All of an engine's configuration: an entry of the table in engines.ts.
 * `E` and `T` describe its engine and its tasks, once compiled.
 */
export interface EngineConfig<
  E extends EngineCommon = EngineCommon,
  T extends TaskCommon = TaskCommon,
  EngineKeys extends Keys = Keys,
  TaskKeys extends Keys = Keys,
> {
  /** `name` of its [engine]. */
  readonly kind: E["kind"];
  /** What the title of its [task] says instead of the kind. */
  readonly titleInTasks?: string;
  /** The key that says what tasks call it; left out, they call it by its kind. */
  readonly nameKey?: { readonly key: string; readonly spec: KeySpec<string> };
  /** `scan_type` of its projects, if it is not "page". */
  readonly scanType?: ScanType;
  /**
   * The key of its [task] that says which control groups it is about, read by cgroupPath(); then
   * `type` and `value` may be missing and are not used.
   */
  readonly groupKey?: keyof TaskKeys & string;
  /** Keys that are in no table are the engine's own. */
  readonly hasPrivateKeys?: boolean;
  /** Keys of its [engine] beside those that all engines have. */
  readonly engineKeys: EngineKeys;
  /** Keys of its [task] beside those that all tasks have. */
  readonly taskKeys: TaskKeys;
  compileEngine(values: ValuesOf<EngineKeys>, project: string, context: EngineContext): E;
  compileTask(values: ValuesOf<TaskKeys>, common: TaskCommon, context: TaskContext): T;
}
