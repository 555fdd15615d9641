import { StructLayout } from "./struct_layout.ts";

const MEMBERS = {
  fill_eng_params: { offset: 0, type: "pointer" },
  clear_eng_params: { offset: 8, type: "pointer" },
  fill_task_params: { offset: 16, type: "pointer" },
  clear_task_params: { offset: 24, type: "pointer" },
  start_task: { offset: 32, type: "pointer" },
  stop_task: { offset: 40, type: "pointer" },
  alloc_pid_params: { offset: 48, type: "pointer" },
  free_pid_params: { offset: 56, type: "pointer" },
  eng_mgt_func: { offset: 64, type: "pointer" },
} as const;

/** struct engine_ops of etmemd_engine_exp.h: pointers to functions. */
export const ENGINE_OPS: StructLayout<typeof MEMBERS> = new StructLayout(72, MEMBERS);
