import { StructLayout } from "./struct_layout.ts";

const MEMBERS = {
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
export const ENGINE: StructLayout<typeof MEMBERS> = new StructLayout(80, MEMBERS);
