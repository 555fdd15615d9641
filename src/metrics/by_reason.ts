import { findReason } from "../reason/find_reason.ts";
import type { ReasonName } from "../reason/reasons.ts";
import type { MemoryByReason } from "../status/round_figures.ts";
import type { Labels, Sample } from "./family.ts";

/** The same texts come at every scrape; those with details may differ each time. */
const names = new Map<string, ReasonName>();
const MOST_NAMES = 1000;
/** One object for each name. */
const labels = new Map<ReasonName, Labels>();

/** Memory by reason: a sample for each name of a reason, whatever details the texts have. */
export function bytesByReason(memory: readonly MemoryByReason[]): readonly Sample[] {
  return samplesByReason(memory, ({ bytes }) => bytes);
}

const NO_SAMPLES: readonly Sample[] = [];

/** Anything by reason, as `bytesByReason()`. */
export function samplesByReason<Entry extends { readonly reason: string }>(
  entries: readonly Entry[],
  valueOf: (entry: Entry) => number,
): readonly Sample[] {
  if (entries.length === 0) return NO_SAMPLES;
  const sums = new Map<ReasonName, number>();
  for (const entry of entries) {
    const name = nameOf(entry.reason);
    sums.set(name, (sums.get(name) ?? 0) + valueOf(entry));
  }
  return Array.from(sums, ([name, value]) => ({ labels: labelsOf(name), value }));
}

function nameOf(reason: string): ReasonName {
  const known = names.get(reason);
  if (known !== undefined) return known;
  const { name } = findReason(reason);
  if (names.size < MOST_NAMES) names.set(reason, name);
  return name;
}

function labelsOf(reason: ReasonName): Labels {
  let known = labels.get(reason);
  if (known === undefined) {
    known = { reason };
    labels.set(reason, known);
  }
  return known;
}
