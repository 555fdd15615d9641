import { StructLayout } from "./struct_layout.ts";

const MEMBERS = {
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
export const PROJECT: StructLayout<typeof MEMBERS> = new StructLayout(56, MEMBERS);
