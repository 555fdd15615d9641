import { StructLayout } from "./struct_layout.ts";

const MEMBERS = {
  interval: { offset: 0, type: "i32" },
  loop: { offset: 4, type: "i32" },
  sleep: { offset: 8, type: "i32" },
} as const;

/** struct page_scan of etmemd_project_exp.h, in seconds and scans. */
export const PAGE_SCAN: StructLayout<typeof MEMBERS> = new StructLayout(12, MEMBERS);
