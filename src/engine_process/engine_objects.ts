import { CMemory } from "../../ffi/c_memory.ts";
import { ENGINE, PAGE_SCAN, PROJECT, TASK } from "../../ffi/engine_structs.ts";
import type { CStruct } from "../../ffi/struct_layout.ts";
import type { ProjectSettings, TaskSettings } from "./messages.ts";

const ENGINE_TYPE_THIRD_PARTY = 7;
/** enum scan_type. */
const PAGE = 0;
/** A percentage that is not set. */
const UNSET = -1;

/**
 * The C structs of one engine and its project, linked with each other;
 * they last as long as the process.
 */
export class EngineObjects {
  readonly engine: CStruct<typeof ENGINE.members>;
  readonly #project: CStruct<typeof PROJECT.members>;

  constructor(name: string, project: ProjectSettings, handle: number, ops: number) {
    const { sysmemThresholdPercent = UNSET, swapcacheWmark } = project;
    const pageScan = PAGE_SCAN.allocate({
      interval: project.intervalSeconds,
      loop: project.loop,
      sleep: project.sleepSeconds,
    });
    this.#project = PROJECT.allocate({
      name: CMemory.string(project.name).address,
      type: PAGE,
      scan_param: pageScan.address,
      sysmem_threshold: sysmemThresholdPercent,
      swapcache_high_wmark: swapcacheWmark?.highPercent ?? UNSET,
      swapcache_low_wmark: swapcacheWmark?.lowPercent ?? UNSET,
    });
    this.engine = ENGINE.allocate({
      engine_type: ENGINE_TYPE_THIRD_PARTY,
      name: CMemory.string(name).address,
      proj: this.#project.address,
      ops,
      handler: handle,
    });
    this.#project.write({ engs: this.engine.address });
  }

  /** Says whether the project is started. */
  setStarted(start: boolean): void {
    this.#project.write({ start });
  }

  /** Puts a task in front of the engine's list. */
  link(task: TaskObjects): void {
    task.struct.write({ next: this.engine.read("tasks") });
    this.engine.write({ tasks: task.struct.address });
  }

  /** Takes a task out of the engine's list. */
  unlink(task: TaskObjects): void {
    const next = task.struct.read("next");
    let before = 0;
    for (let at = this.engine.read("tasks"); at !== 0; at = TASK.readAt(at, "next")) {
      if (at === task.struct.address) {
        if (before === 0) this.engine.write({ tasks: next });
        else TASK.writeAt(before, { next });
        return;
      }
      before = at;
    }
  }
}

/** The C structs of one task. */
export class TaskObjects implements Disposable {
  readonly struct: CStruct<typeof TASK.members>;
  readonly #strings: readonly CMemory[];

  constructor(task: TaskSettings, engine: EngineObjects) {
    const type = CMemory.string(task.type);
    const value = CMemory.string(task.value);
    const name = CMemory.string(task.name);
    this.#strings = [type, value, name];
    this.struct = TASK.allocate({
      type: type.address,
      value: value.address,
      name: name.address,
      max_threads: task.maxThreads,
      swap_flag: task.swapFlag ? 1 : 0,
      eng: engine.engine.address,
    });
  }

  /** Frees them. */
  [Symbol.dispose](): void {
    this.struct[Symbol.dispose]();
    for (const string of this.#strings) string[Symbol.dispose]();
  }
}
