const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** A size with three digits that count: `0 B`, `1.25 GiB`, `38.2 MiB`, `4 KiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Number(threeDigits(value)) >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${threeDigits(value)} ${BYTE_UNITS[unit] ?? ""}`;
}

/** A time in microseconds: `850 us`, `12.5 ms`, `3.25 s`, `2 min 13 s`, `4 h 5 min`, `3 d 4 h`. */
export function formatDuration(us: number): string {
  if (us < 1000) return `${Math.round(us)} us`;
  if (us < 1e6) return `${threeDigits(us / 1000)} ms`;
  const seconds = us / 1e6;
  if (seconds < 100) return `${threeDigits(seconds)} s`;
  if (seconds < 3600) return twoUnits(seconds, 60, "min", 1, "s");
  if (seconds < 86_400) return twoUnits(seconds, 3600, "h", 60, "min");
  return twoUnits(seconds, 86_400, "d", 3600, "h");
}

function twoUnits(
  seconds: number,
  bigSeconds: number,
  big: string,
  smallSeconds: number,
  small: string,
): string {
  const whole = Math.floor(seconds / bigSeconds);
  const rest = Math.floor((seconds % bigSeconds) / smallSeconds);
  return rest === 0 ? `${whole} ${big}` : `${whole} ${big} ${rest} ${small}`;
}

/**
 * A share of a whole: `98.7 %`; `-` of nothing. Only what is all of it is `100 %`,
 * and only nothing `0 %`.
 */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return "-";
  const percent = (100 * part) / whole;
  const rounded = Math.round(percent * 10) / 10;
  if (rounded === 100 && part < whole) return ">99.9 %";
  if (rounded === 0 && part > 0) return "<0.1 %";
  return `${rounded} %`;
}

/** A count with its noun: `1 process`, `3 processes`. */
export function formatCount(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Integers as they are, anything else with three digits that count, without an exponent. */
function threeDigits(value: number): string {
  if (Number.isInteger(value)) return String(value);
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
