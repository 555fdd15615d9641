import { StructLayout } from "./struct_layout.ts";

const MEMBERS = {
  type: { offset: 0, type: "pointer" },
  value: { offset: 8, type: "pointer" },
  name: { offset: 16, type: "pointer" },
  max_threads: { offset: 24, type: "i32" },
  swap_flag: { offset: 28, type: "i32" },
  pids: { offset: 32, type: "pointer" },
  eng: { offset: 40, type: "pointer" },
  params: { offset: 48, type: "pointer" },
  task_pt: { offset: 56, type: "u64" },
  timer_inst: { offset: 64, type: "pointer" },
  threadpool_inst: { offset: 72, type: "pointer" },
  next: { offset: 80, type: "pointer" },
} as const;

/** struct task of etmemd_task_exp.h. */
export const TASK: StructLayout<typeof MEMBERS> = new StructLayout(88, MEMBERS);
