import type { Check } from "./check.ts";

const MOST_FAULTS = 20;

/** The closing table; the last line is "N passed, N failed". */
export function reportLines(checks: readonly Check[]): string[] {
  const lines = checks.flatMap(({ name, detail, faults }) => {
    const about = detail === "" ? "" : `: ${detail}`;
    const more = faults.length > MOST_FAULTS ? [`  and ${faults.length - MOST_FAULTS} more`] : [];
    return [
      `${faults.length === 0 ? "ok" : "not ok"} ${name}${about}`,
      ...faults.slice(0, MOST_FAULTS).map((fault) => `  ${fault}`),
      ...more,
    ];
  });
  const failed = checks.filter(({ faults }) => faults.length > 0).length;
  return [...lines, `${checks.length - failed} passed, ${failed} failed`];
}
