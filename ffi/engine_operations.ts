import { CFunction, type Pointer } from "bun:ffi";
import { ENGINE_OPS } from "./engine_structs.ts";

/** The nine operations of struct engine_ops in C; addresses are numbers, 0 is NULL. */
export interface EngineOperations {
  /** int (*)(GKeyFile *config, struct engine *eng) */
  readonly fill_eng_params: (config: number, engine: number) => number;
  /** void (*)(struct engine *eng) */
  readonly clear_eng_params: (engine: number) => void;
  /** int (*)(GKeyFile *config, struct task *task) */
  readonly fill_task_params: (config: number, task: number) => number;
  /** void (*)(struct task *tk) */
  readonly clear_task_params: (task: number) => void;
  /** int (*)(struct engine *eng, struct task *tk) */
  readonly start_task: (engine: number, task: number) => number;
  /** void (*)(struct engine *eng, struct task *tk) */
  readonly stop_task: (engine: number, task: number) => void;
  /** int (*)(struct engine *eng, struct task_pid **tk_pid) */
  readonly alloc_pid_params: (engine: number, slot: number) => number;
  /** void (*)(struct engine *eng, struct task_pid **tk_pid) */
  readonly free_pid_params: (engine: number, slot: number) => void;
  /** int (*)(struct engine *eng, struct task *tk, char *cmd, int fd) */
  readonly eng_mgt_func: (engine: number, task: number, command: number, fd: number) => number;
}

/** What the operations are called. */
export type OperationName = keyof EngineOperations;

/** An address as an argument. */
function p(value: number): Pointer | null {
  return value === 0 ? null : value as Pointer;
}

/** The operation at an address, which returns an int. @returns undefined for NULL. */
function intOfTwo(address: number): ((a: number, b: number) => number) | undefined {
  if (address === 0) return undefined;
  const call = CFunction({ ptr: address as Pointer, args: ["ptr", "ptr"], returns: "i32" });
  return (a, b) => Number(call(p(a), p(b)));
}

function voidOfTwo(address: number): ((a: number, b: number) => void) | undefined {
  if (address === 0) return undefined;
  const call = CFunction({ ptr: address as Pointer, args: ["ptr", "ptr"], returns: "void" });
  return (a, b) => void call(p(a), p(b));
}

function voidOfOne(address: number): ((a: number) => void) | undefined {
  if (address === 0) return undefined;
  const call = CFunction({ ptr: address as Pointer, args: ["ptr"], returns: "void" });
  return (a) => void call(p(a));
}

function manage(address: number): EngineOperations["eng_mgt_func"] | undefined {
  if (address === 0) return undefined;
  const call = CFunction({
    ptr: address as Pointer,
    args: ["ptr", "ptr", "ptr", "i32"],
    returns: "i32",
  });
  return (engine, task, command, fd) => Number(call(p(engine), p(task), p(command), fd));
}

/**
 * The operations that are not NULL in the struct engine_ops at an address. Nothing is called. The
 * struct is read only now, as the ABI has it constant.
 */
export function bindOperations(address: number): Partial<EngineOperations> {
  const at = (name: OperationName): number => ENGINE_OPS.readAt(address, name);
  const all = {
    fill_eng_params: intOfTwo(at("fill_eng_params")),
    clear_eng_params: voidOfOne(at("clear_eng_params")),
    fill_task_params: intOfTwo(at("fill_task_params")),
    clear_task_params: voidOfOne(at("clear_task_params")),
    start_task: intOfTwo(at("start_task")),
    stop_task: voidOfTwo(at("stop_task")),
    alloc_pid_params: intOfTwo(at("alloc_pid_params")),
    free_pid_params: voidOfTwo(at("free_pid_params")),
    eng_mgt_func: manage(at("eng_mgt_func")),
  };
  return Object.fromEntries(
    Object.entries(all).filter(([, operation]) => operation !== undefined),
  );
}
