import {
  type SwapCacheReply,
  type SwapCacheRequest,
  trimSwapCache,
} from "../mover/trim_swap_cache.ts";
import { type PageTableTry, tryPageTables } from "../page_table/why_no_page_tables.ts";
import type { JobFunctions } from "../worker/messages.ts";
import { type LocatedProcess, locateScanned } from "./cslide/locate_pages.ts";
import { movePair, type MovePairReply, type MovePairRequest } from "./cslide/move_pair.ts";
import { type PlanReply, type PlanRequest, planRound } from "./cslide/plan_round.ts";
import { type GroupsReply, type GroupsRequest, lookAtGroups } from "./psi/look_at_groups.ts";
import { reclaimGroup, type ReclaimReply, type ReclaimRequest } from "./psi/reclaim_group.ts";
import {
  countOut,
  type CountOutReply,
  type CountOutRequest,
  type RestoreReply,
  type RestoreRequest,
  restoreStep,
} from "./round/out_step.ts";
import type { ProcessGains } from "./round/process_gains.ts";
import { sweepAll, type SweepReply, type SweepRequest } from "./round/process_sweep.ts";
import { runScanStep } from "./round/run_scan_step.ts";
import type { ScanStepReply, ScanStepRequest } from "./round/scan_step.ts";
import { moveCold } from "./slide/move_cold.ts";
import type { MoveOrder } from "./slide/move_order.ts";
import { sampleCold, type SampleReply, type SampleRequest } from "./slide/sample_cold.ts";

/** A scan step with the finisher of an engine. */
interface StepJob<Order, Result> {
  readonly request: ScanStepRequest<Order>;
  readonly reply: ScanStepReply<Result>;
}

/** What the engines have done in threads: by name, the request and the reply. */
export type Jobs = {
  readonly sweep_processes: { readonly request: SweepRequest; readonly reply: SweepReply };
  readonly slide_step: StepJob<MoveOrder, ProcessGains>;
  readonly sample_cold: { readonly request: SampleRequest; readonly reply: SampleReply };
  readonly try_page_tables: { readonly request: object; readonly reply: PageTableTry };
  readonly trim_swap_cache: { readonly request: SwapCacheRequest; readonly reply: SwapCacheReply };
  readonly cslide_step: StepJob<true, LocatedProcess>;
  readonly plan_round: { readonly request: PlanRequest; readonly reply: PlanReply };
  readonly look_at_groups: { readonly request: GroupsRequest; readonly reply: GroupsReply };
  readonly reclaim_group: { readonly request: ReclaimRequest; readonly reply: ReclaimReply };
  readonly count_out: { readonly request: CountOutRequest; readonly reply: CountOutReply };
  readonly restore_step: { readonly request: RestoreRequest; readonly reply: RestoreReply };
  readonly move_pair: { readonly request: MovePairRequest; readonly reply: MovePairReply };
};

/** The functions behind the names; only worker threads load them. */
export const JOBS: JobFunctions<Jobs> = {
  sweep_processes: sweepAll,
  slide_step: (request) => runScanStep(request, moveCold),
  sample_cold: sampleCold,
  try_page_tables: tryPageTables,
  trim_swap_cache: trimSwapCache,
  cslide_step: (request) => runScanStep(request, locateScanned),
  plan_round: planRound,
  look_at_groups: lookAtGroups,
  reclaim_group: reclaimGroup,
  count_out: countOut,
  restore_step: restoreStep,
  move_pair: movePair,
};
