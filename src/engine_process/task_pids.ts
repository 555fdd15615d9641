import type { EngineOperations } from "../../ffi/engine_operations.ts";
import { CMemory } from "../../ffi/c_memory.ts";
import { TASK_PID } from "../../ffi/engine_structs.ts";
import type { CStruct } from "../../ffi/struct_layout.ts";
import type { TaskObjects } from "./engine_objects.ts";
import { RequestRefusal } from "./messages.ts";

type Operations = Pick<EngineOperations, "alloc_pid_params" | "free_pid_params">;

/** The processes of a task that is started: task->pids and what the engine keeps of each. */
export class TaskPids {
  readonly #engine: number;
  readonly #task: TaskObjects;
  readonly #operations: Partial<Operations>;
  /** Address of what is in the list, which may be the engine's own, and the struct we made. */
  readonly #nodes: { address: number; readonly ours: CStruct<typeof TASK_PID.members> }[] = [];

  /** @param operations announce their calls themselves. */
  constructor(engine: number, task: TaskObjects, operations: Partial<Operations>) {
    this.#engine = engine;
    this.#task = task;
    this.#operations = operations;
  }

  /**
   * Adds a process, and has the engine take it in.
   * @throws {RequestRefusal} when it does not want it.
   */
  add(pid: number): void {
    const ours = TASK_PID.allocate({ pid, tk: this.#task.struct.address });
    const allocate = this.#operations.alloc_pid_params;
    let address = ours.address;
    if (allocate !== undefined) {
      using slot = new PointerSlot(address);
      const status = allocate(this.#engine, slot.address);
      address = slot.value;
      if (status !== 0 || address === 0) {
        ours[Symbol.dispose]();
        throw new RequestRefusal(`alloc_pid_params returned ${status} for pid ${pid}`);
      }
    }
    TASK_PID.writeAt(address, { next: this.#task.struct.read("pids") });
    this.#nodes.push({ address, ours });
    this.#task.struct.write({ pids: address });
  }

  /**
   * Frees the list from its head on: the engine frees what it keeps of a process, and the process
   * leaves the list before its struct is freed.
   */
  free(): void {
    for (let node = this.#nodes.pop(); node !== undefined; node = this.#nodes.pop()) {
      using slot = new PointerSlot(node.address);
      this.#operations.free_pid_params?.(this.#engine, slot.address);
      this.#task.struct.write({ pids: this.#nodes.at(-1)?.address ?? 0 });
      node.ours[Symbol.dispose]();
    }
  }
}

/** A pointer in C memory, for an argument of the form `struct task_pid **`. */
class PointerSlot implements Disposable {
  readonly #memory = new CMemory(8);

  constructor(value: number) {
    this.#memory.view().setBigUint64(0, BigInt(value), true);
  }

  get address(): number {
    return this.#memory.address;
  }

  get value(): number {
    return Number(this.#memory.view().getBigUint64(0, true));
  }

  [Symbol.dispose](): void {
    this.#memory[Symbol.dispose]();
  }
}
