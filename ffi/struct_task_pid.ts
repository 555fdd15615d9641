import { StructLayout } from "./struct_layout.ts";

const MEMBERS = {
  pid: { offset: 0, type: "u32" },
  rt_swapin_rate: { offset: 4, type: "f32" },
  params: { offset: 8, type: "pointer" },
  tk: { offset: 16, type: "pointer" },
  next: { offset: 24, type: "pointer" },
} as const;

/** struct task_pid of etmemd_task_exp.h. */
export const TASK_PID: StructLayout<typeof MEMBERS> = new StructLayout(32, MEMBERS);
