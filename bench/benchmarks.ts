import type { Benchmark } from "./benchmark.ts";
import { CLASSIFY } from "./classify.ts";
import { CLEARING } from "./clearing.ts";
import { CLIENT } from "./client.ts";
import { CROWD } from "./crowd.ts";
import { CSLIDE_POLICY } from "./cslide_policy.ts";
import { DECODE } from "./decode.ts";
import { GROWTH } from "./growth.ts";
import { PAGE_MEMORY } from "./page_memory.ts";
import { PAGE_TABLE } from "./page_table.ts";
import { SCALE, SCALE_2000 } from "./scale.ts";
import { SCAN } from "./scan.ts";
import { SCAN_LIB } from "./scan_lib.ts";
import { AFTER_TASK, IDLE, TASK, WORKERS } from "./server.ts";
import { STOP } from "./stop.ts";
import { SWAP_TEXT } from "./swap_text.ts";
import { VIEWS } from "./views.ts";
import { VM_FREE, VM_RECLAIM, VM_SCAN } from "./vm.ts";

/** All benchmarks, in the order in which they run. */
export const BENCHMARKS: readonly Benchmark[] = [
  DECODE,
  CLASSIFY,
  SWAP_TEXT,
  CSLIDE_POLICY,
  PAGE_MEMORY,
  GROWTH,
  PAGE_TABLE,
  CLEARING,
  SCAN_LIB,
  CLIENT,
  WORKERS,
  IDLE,
  TASK,
  AFTER_TASK,
  STOP,
  CROWD,
  VIEWS,
  SCALE,
  SCALE_2000,
  SCAN,
  VM_SCAN,
  VM_FREE,
  VM_RECLAIM,
];
