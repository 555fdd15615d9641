/**
 * The phases of a round, in the order of the status document. The time of a phase, in microseconds,
 * is added up over the processes of the round.
 */
const TABLE = [
  { name: "vmas_us", label: "reading", meaning: "reading maps and thresholds" },
  { name: "scan_us", label: "scanning", meaning: "looking for accesses" },
  { name: "classify_us", label: "sorting", meaning: "sorting out what is hot and what is cold" },
  { name: "move_us", label: "moving", meaning: "moving pages" },
  { name: "verify_us", label: "checking", meaning: "looking afterwards where the pages are" },
  { name: "swapcache_us", label: "swap cache", meaning: "having the kernel reclaim swap cache" },
] as const;

type PhaseName = (typeof TABLE)[number]["name"];

/** Time of a round by phase. */
export type PhaseTimes = Record<PhaseName, number>;

/** A phase of a round. */
export interface RoundPhase {
  readonly name: PhaseName;
  /** What `etmem status` calls it. */
  readonly label: string;
  /** What is done in it, for docs/status.md. */
  readonly meaning: string;
}

/** All phases of a round. */
export const ROUND_PHASES: readonly RoundPhase[] = TABLE;

/** The phases of a round that has done nothing yet. */
export function noPhases(): PhaseTimes {
  return Object.fromEntries(TABLE.map(({ name }) => [name, 0])) as PhaseTimes;
}
