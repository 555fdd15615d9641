import type { JobFunctions } from "../worker/messages.ts";
import type { StepReply, StepRequest } from "./round/scan_step.ts";
import { runScanStep } from "./round/run_scan_step.ts";
import {
  type SwapCacheReply,
  type SwapCacheRequest,
  trimSwapCache,
} from "../mover/trim_swap_cache.ts";
import { movePair, type MovePairReply, type MovePairRequest } from "./cslide/move_pair.ts";
import { type PlanReply, type PlanRequest, planRound } from "./cslide/plan_round.ts";

/** What the engines have done in threads: by name, the request and the reply. */
export type Jobs = {
  readonly scan_step: { readonly request: StepRequest; readonly reply: StepReply };
  readonly trim_swap_cache: { readonly request: SwapCacheRequest; readonly reply: SwapCacheReply };
  readonly plan_round: { readonly request: PlanRequest; readonly reply: PlanReply };
  readonly move_pair: { readonly request: MovePairRequest; readonly reply: MovePairReply };
};

/** The functions behind the names; only worker threads load them. */
export const JOBS: JobFunctions<Jobs> = {
  scan_step: runScanStep,
  trim_swap_cache: trimSwapCache,
  plan_round: planRound,
  move_pair: movePair,
};
