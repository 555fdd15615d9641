const BYTE_UNITS = ["B", "K", "M", "G", "T", "P"] as const;

/** A size in at most 6 columns: `0`, `4K`, `38.2M`, `1023M`, `1.25G`, `-12.5M`; units of 1024. */
export function shortBytes(bytes: number): string {
  if (bytes === 0) return "0";
  let value = Math.abs(bytes);
  let unit = 0;
  while (Number(digits(value)) >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${bytes < 0 ? "-" : ""}${digits(value)}${BYTE_UNITS[unit] ?? ""}`;
}

/** A time in at most 6 columns: `850ms`, `12s`, `90min`, `36h`, `12d`. */
export function shortSeconds(seconds: number): string {
  if (seconds < 1 && seconds > 0) return `${Math.round(seconds * 1000)}ms`;
  if (seconds < 100) return `${digits(seconds)}s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)}min`;
  return seconds < 360_000 ? `${Math.round(seconds / 3600)}h` : `${Math.round(seconds / 86_400)}d`;
}

/** A share of time or of memory: `0`, `0.05%`, `12.5%`, `100%`. */
export function shortPercent(percent: number): string {
  if (percent === 0) return "0";
  return percent < 0.01 ? "<0.01%" : `${digits(percent)}%`;
}

/** Three digits that count, without trailing zeros. */
function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return String(Number(value.toFixed(value >= 10 ? 1 : 2)));
}
