import { BadValue } from "./bad_value.ts";
import { excerpt } from "./excerpt.ts";

/** Of limits.h. */
export const INT_MAX = 2 ** 31 - 1;
export const INT_MIN = -(2 ** 31);

/**
 * Reads a plain decimal number of 32 bits with an optional sign; blanks may follow it, as in GLib's
 * g_key_file_get_integer, nothing else may.
 * @throws {BadValue} that says which kind of mistake it is.
 */
export function parseInteger(value: string): number {
  const digits = /^([+-]?[0-9]+)[ \t\n\f\r]*$/.exec(value)?.[1];
  if (digits === undefined) throw new BadValue(mistake(value));
  const number = Number(digits) + 0;
  if (number < INT_MIN || number > INT_MAX) throw new BadValue("beyond 32 bits");
  return number;
}

function mistake(value: string): string {
  if (value === "") return "no value";
  if (/^[+-]?0[xX]/.test(value)) return "not decimal";
  if (/^[+-]?[0-9]*[.][0-9]/.test(value)) return "not a whole number";
  const rest = /^[+-]?[0-9]+(.+)$/s.exec(value)?.[1];
  return rest === undefined ? "not a number" : `"${excerpt(rest)}" after the number`;
}
