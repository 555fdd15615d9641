import { StructLayout } from "./struct_layout.ts";

// The structs of the engine ABI, as the headers in scan_lib/include declare them: one layout each,
// by which C memory is read and written.

const PAGE_SCAN_MEMBERS = {
  interval: { offset: 0, type: "i32" },
  loop: { offset: 4, type: "i32" },
  sleep: { offset: 8, type: "i32" },
} as const;

/** struct page_scan of etmemd_project_exp.h, in seconds and scans. */
export const PAGE_SCAN: StructLayout<typeof PAGE_SCAN_MEMBERS> = new StructLayout(
  12,
  PAGE_SCAN_MEMBERS,
);

const PROJECT_MEMBERS = {
  name: { offset: 0, type: "pointer" },
  type: { offset: 8, type: "i32" },
  scan_param: { offset: 16, type: "pointer" },
  sysmem_threshold: { offset: 24, type: "i32" },
  swapcache_high_wmark: { offset: 28, type: "i32" },
  swapcache_low_wmark: { offset: 32, type: "i32" },
  start: { offset: 36, type: "bool" },
  wmark_set: { offset: 37, type: "bool" },
  engs: { offset: 40, type: "pointer" },
  entry: { offset: 48, type: "pointer" },
} as const;

/** struct project of etmemd_project_exp.h; `entry` is the one pointer of SLIST_ENTRY. */
export const PROJECT: StructLayout<typeof PROJECT_MEMBERS> = new StructLayout(56, PROJECT_MEMBERS);

const ENGINE_MEMBERS = {
  engine_type: { offset: 0, type: "i32" },
  name: { offset: 8, type: "pointer" },
  params: { offset: 16, type: "pointer" },
  proj: { offset: 24, type: "pointer" },
  page_ref: { offset: 32, type: "pointer" },
  ops: { offset: 40, type: "pointer" },
  tasks: { offset: 48, type: "pointer" },
  page_cnt: { offset: 56, type: "u64" },
  next: { offset: 64, type: "pointer" },
  handler: { offset: 72, type: "pointer" },
} as const;

/** struct engine of etmemd_engine_exp.h. */
export const ENGINE: StructLayout<typeof ENGINE_MEMBERS> = new StructLayout(80, ENGINE_MEMBERS);

const ENGINE_OPS_MEMBERS = {
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
export const ENGINE_OPS: StructLayout<typeof ENGINE_OPS_MEMBERS> = new StructLayout(
  72,
  ENGINE_OPS_MEMBERS,
);

const TASK_MEMBERS = {
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
export const TASK: StructLayout<typeof TASK_MEMBERS> = new StructLayout(88, TASK_MEMBERS);

const TASK_PID_MEMBERS = {
  pid: { offset: 0, type: "u32" },
  rt_swapin_rate: { offset: 4, type: "f32" },
  params: { offset: 8, type: "pointer" },
  tk: { offset: 16, type: "pointer" },
  next: { offset: 24, type: "pointer" },
} as const;

/** struct task_pid of etmemd_task_exp.h. */
export const TASK_PID: StructLayout<typeof TASK_PID_MEMBERS> = new StructLayout(
  32,
  TASK_PID_MEMBERS,
);
