const BLOCKS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;
const ASCII = [".", ":", "-", "=", "+", "*", "#", "@"] as const;

/**
 * Values as a line of bars, the greatest of them the highest; a blank stands for what is not known,
 * and the lowest bar for 0.
 */
export function sparkline(values: readonly (number | undefined)[], unicode: boolean): string {
  const bars = unicode ? BLOCKS : ASCII;
  const most = Math.max(0, ...values.map((value) => value ?? 0));
  return values.map((value) => {
    if (value === undefined) return " ";
    if (value <= 0 || most === 0) return bars[0];
    // what is more than nothing shows as more than nothing
    return bars[Math.max(1, Math.round((value / most) * (bars.length - 1)))] ?? "";
  }).join("");
}
