import { because } from "../../reason/reasons.ts";

/**
 * Units that a round of an engine plans for at most: a column of numbers with 8 bytes a unit is no
 * longer than 4 GiB. They are 2 TiB of base pages, and take 8 GB (15 bytes a unit).
 */
export const MOST_UNITS = 2 ** 29;

/** Why a process is left alone with which the plan would have more. */
export const TOO_MANY_UNITS = because("too_much_to_plan");

/**
 * Which processes a round plans for, in their order: those that fit into it beside the ones before.
 * @param units of each process; Infinity: more than fit alone.
 */
export function fitting(units: readonly number[], most: number): boolean[] {
  let sum = 0;
  return units.map((own) => {
    const fits = sum + own <= most;
    if (fits) sum += own;
    return fits;
  });
}
