import type { AdviceResult, AgeResult, Result } from "./experiment.ts";

/** Bytes are to be right within so much, returns within a factor or a page a second. */
const MOST_BYTES_OFF = 0.1;
const MOST_TIMES_OFF = 1.5;
const MOST_PAGES_OFF = 1;
/** Of the saving that advice promises, so much is to be reached. */
const LEAST_SAVED = 0.8;

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

function ageShortfalls({ age, ...seen }: AgeResult): string[] {
  const bytesOff = Math.abs(seen.predictedBytes - seen.movedBytes) / seen.movedBytes;
  const [low, high] = [seen.predictedReturnsPerSecond, seen.returnsPerSecond].toSorted((a, b) =>
    a - b
  ) as [number, number];
  const areReturnsRight = high - low <= MOST_PAGES_OFF || high <= low * MOST_TIMES_OFF;
  return [
    ...(bytesOff <= MOST_BYTES_OFF ? [] : [`age ${age}: bytes are off by ${bytesOff.toFixed(3)}`]),
    ...(areReturnsRight ? [] : [`age ${age}: ${low} and ${high} returns a second`]),
  ];
}

function adviceShortfalls(advice: AdviceResult | string): string[] {
  if (typeof advice === "string") return [`no advice: ${advice}`];
  const share = advice.savedBytes / advice.predictedBytes;
  return [
    ...(share >= LEAST_SAVED ? [] : [`advice: ${share.toFixed(3)} of the saving is reached`]),
    ...(advice.harmPercent < advice.stallPercent ? [] : [`advice: harm ${advice.harmPercent} %`]),
  ];
}

/** What of a result is not as it should be, a line each. */
export function shortfalls({ swappedWhileLooking, ages, advice }: Result): string[] {
  const bytes = swappedWhileLooking?.bytes ?? 0;
  return [
    ...(bytes === 0 ? [] : [`${bytes} bytes went to swap while nothing was to move`]),
    ...ages.flatMap(ageShortfalls),
    ...adviceShortfalls(advice),
  ];
}

/** A result as a table in Markdown. */
export function resultTable({ workload, swappedWhileLooking, ages, advice }: Result): string {
  const rows = ages.map((seen) =>
    [
      `${workload}, idle for ${seen.age} scans`,
      mib(seen.predictedBytes),
      mib(seen.movedBytes),
      seen.predictedReturnsPerSecond.toFixed(1),
      seen.returnsPerSecond.toFixed(1),
    ].join(" | ")
  );
  const advised = typeof advice === "string" ? `no advice: ${advice}` : [
    `advised for ${advice.stallPercent} %:`,
    ...advice.lines.filter((line) => /^(?:loop|interval|sleep|dram_percent)=/.test(line)),
    `predicted ${mib(advice.predictedBytes)} MiB, saved ${mib(advice.savedBytes)} MiB,`,
    `harm ${advice.harmPercent.toFixed(4)} %,`,
    `swap-in ${advice.expectedSwapInUs} us before, ${advice.swapInUs} us then`,
  ].join(" ");
  return [
    "| | predicted MiB | moved MiB | predicted returns/s | returns/s |",
    "|---|---|---|---|---|",
    ...rows.map((row) => `| ${row} |`),
    "",
    advised,
    ...(swappedWhileLooking === undefined ? [] : [
      `in swap while looking: ${swappedWhileLooking.bytes} bytes; ` +
      `the machine wrote ${swappedWhileLooking.machinePages} pages to swap meanwhile`,
    ]),
  ].join("\n");
}
