/** What a round of the psi engine did with one control group. */
export interface GroupStatus {
  /** Below the root of its hierarchy. */
  path: string;
  /** Of it and all below it, at the beginning of the round. */
  use_bytes: number;
  /** What is to stay. */
  limit_bytes: number;
  /** In swap, at the beginning of the round. */
  swapped_bytes: number;
  /** The worse of avg10 and avg60 of `some`. */
  memory_pressure_percent: number;
  io_pressure_percent: number;
  /** Time that its refaults and major faults took since the round before, estimated. */
  refault_percent: number;
  /** Share of what is above the limit that is asked for. */
  rate_percent: number;
  asked_bytes: number;
  /** Of asked_bytes. */
  reclaimed_bytes: number;
  /** Came back soon after it was reclaimed, since the round before. */
  refault_bytes: number;
  /** Since the round before. */
  major_faults: number;
  /** Why nothing was asked for. */
  held?: string;
}
