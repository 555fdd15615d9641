import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { expectedOf, type OutlookData, predict } from "../../guard/outlook.ts";
import type { AgeBar, TaskHistogram } from "../../status/histogram.ts";

const SECONDS_PER_MINUTE = 60;
const MICROSECONDS = 1e6;

/** What moving all memory of some processes that is at least so old would come to. */
export interface TaskPrediction {
  savedBytes: number;
  outBytes: number;
  returnedBytesPerMinute: number;
  /** Of the process that would wait longest. */
  harmPercent: number;
}

/** Adds up what is predicted of processes. @param ageOf from which age on a process's pages go. */
export function predictAll(
  outlooks: readonly OutlookData[],
  ageOf: (outlook: OutlookData, index: number) => number,
): TaskPrediction {
  const sum = { savedBytes: 0, outBytes: 0, returnedBytesPerMinute: 0, harmPercent: 0 };
  for (const [i, outlook] of outlooks.entries()) {
    const { pages, moved, returnsPerSecond, harmPercent } = predict(outlook, ageOf(outlook, i));
    sum.savedBytes += pages * PAGE_SIZE;
    sum.outBytes += moved * PAGE_SIZE;
    sum.returnedBytesPerMinute += returnsPerSecond * SECONDS_PER_MINUTE * PAGE_SIZE;
    sum.harmPercent = Math.max(sum.harmPercent, harmPercent);
  }
  return sum;
}

/** 0, 1, 2, 4, 8, … up to the oldest age that there is. */
function edgesUpTo(oldest: number): number[] {
  const edges = [0];
  for (let age = 1; age <= oldest; age *= 2) edges.push(age);
  return edges;
}

/** The memory of processes by its idle age. @param intervalSeconds of a scan. */
export function histogramOf(
  outlooks: readonly OutlookData[],
  intervalSeconds: number,
): Required<Omit<TaskHistogram, "name" | "engine" | "missing" | "compression">> {
  const oldest = outlooks.map((outlook) => expectedOf(outlook).next().value?.age ?? 0);
  const edges = edgesUpTo(Math.max(0, ...oldest));
  const predictions = edges.map((edge) => predictAll(outlooks, () => edge));
  const ages = predictions.map((prediction, i): AgeBar => {
    const older = predictions[i + 1];
    return {
      age_scans: edges[i]!,
      age_us: edges[i]! * intervalSeconds * MICROSECONDS,
      bytes: prediction.savedBytes - (older?.savedBytes ?? 0),
      out_bytes: prediction.outBytes - (older?.outBytes ?? 0),
      saved_bytes: prediction.savedBytes,
      returned_bytes_per_minute: Math.round(prediction.returnedBytesPerMinute),
      harm_percent: Number(prediction.harmPercent.toFixed(4)),
    };
  });
  const observed = Math.min(...outlooks.map(({ observedSeconds }) => observedSeconds));
  const swapIn = Math.max(...outlooks.map(({ swapInSeconds }) => swapInSeconds));
  return {
    interval_us: intervalSeconds * MICROSECONDS,
    processes: outlooks.length,
    observed_us: Math.round(observed * MICROSECONDS),
    swap_in_us: Number((swapIn * MICROSECONDS).toFixed(1)),
    memory_bytes: predictions[0]!.savedBytes,
    out_bytes: predictions[0]!.outBytes,
    ages,
  };
}
