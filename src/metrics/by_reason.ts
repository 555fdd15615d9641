import { findReason } from "../reason/find_reason.ts";
import type { ReasonName } from "../reason/reasons.ts";
import type { MemoryByReason } from "../status/round_figures.ts";
import type { Sample } from "./family.ts";

/** The same texts come at every scrape; those with details may differ each time. */
const labels = new Map<string, ReasonName>();
const MOST_LABELS = 1000;

/** Memory by reason: a sample for each name of a reason, whatever details the texts have. */
export function bytesByReason(memory: readonly MemoryByReason[]): Sample[] {
  return samplesByReason(memory.map(({ reason, bytes }) => ({ reason, value: bytes })));
}

/** Anything by reason, as `bytesByReason()`. */
export function samplesByReason(
  entries: readonly { readonly reason: string; readonly value: number }[],
): Sample[] {
  const sums = new Map<ReasonName, number>();
  for (const { reason, value } of entries) {
    const label = labelOf(reason);
    sums.set(label, (sums.get(label) ?? 0) + value);
  }
  return Array.from(sums, ([reason, value]) => ({ labels: { reason }, value }));
}

function labelOf(reason: string): ReasonName {
  const known = labels.get(reason);
  if (known !== undefined) return known;
  const { name } = findReason(reason);
  if (labels.size < MOST_LABELS) labels.set(reason, name);
  return name;
}
