import { excerpt } from "../text/excerpt.ts";
import { readString } from "./text_forms.ts";
import { BadValue, type ValueForm } from "./value_form.ts";

/** Of limits.h. */
const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);

const GIB = 2 ** 30;
/** More than any machine has, and every whole number up to it can be told from the next. */
const MOST_BYTES = 2 ** 50;

/** A whole number from `min` to `max`. @param allowed says more of the range than the two. */
export function integer(
  min: number,
  max: number,
  allowed: string = `${min} to ${max}`,
): ValueForm<number> {
  const read = (raw: string): number => {
    const number = parseInteger(raw);
    if (number < min || number > max) throw new BadValue("out of range");
    return number;
  };
  return { allowed, read };
}

/** A whole number of 32 bits; what it may be depends on more than the value. */
export function anyInteger(allowed: string): ValueForm<number> {
  return integer(INT_MIN, INT_MAX, allowed);
}

/**
 * A whole number from `min` to `max`. Another one is warned of, and as if the key were not there.
 */
export function integerOrOff(min: number, max: number): ValueForm<number | undefined> {
  const allowed = `${min} to ${max}`;
  const read = (raw: string, warn: (remark: string) => void): number | undefined => {
    const number = parseInteger(raw);
    if (number >= min && number <= max) return number;
    warn(`taken as off, allowed is ${allowed}`);
    return undefined;
  };
  return { allowed, read };
}

/** `no`, or a number from `min` to `max` with at most two decimals. */
export function decimalOrNo(min: number, max: number): ValueForm<number | "no"> {
  const read = (raw: string): number | "no" => {
    if (readString(raw) === "no") return "no";
    const number = within(readDecimal(raw), min, max);
    if (/[.][0-9]{3}/.test(raw)) throw new BadValue("more than two decimals");
    return number;
  };
  return { allowed: `no, or ${min} to ${max} with at most two decimals`, read };
}

/** A number from `min` to `max`, with or without decimals. */
export function decimal(min: number, max: number): ValueForm<number> {
  return { allowed: `${min} to ${max}`, read: (raw) => within(readDecimal(raw), min, max) };
}

/** @throws {BadValue} when it is no decimal number, or has something behind it. */
function readDecimal(raw: string): number {
  const [, digits, rest] = /^([0-9]+(?:[.][0-9]+)?)[ \t\n\f\r]*(.*)$/s.exec(raw) ?? [];
  if (digits === undefined) throw new BadValue(raw === "" ? "no value" : "not a number");
  if (rest !== "") throw new BadValue(`"${excerpt(rest ?? "")}" after the number`);
  return Number(digits);
}

function within(number: number, min: number, max: number): number {
  if (number < min || number > max) throw new BadValue("out of range");
  return number;
}

/** A number of bytes, from `min` on. */
export function byteCount(min: number): ValueForm<number> {
  const read = (raw: string): number => {
    const digits = /^[+]?([0-9]+)[ \t\n\f\r]*$/.exec(raw)?.[1];
    if (digits === undefined) throw new BadValue(mistake(raw));
    return within(Number(digits), min, MOST_BYTES);
  };
  return { allowed: `${min} to ${MOST_BYTES} bytes`, read };
}

/** 0 to INT_MAX. */
export const natural: ValueForm<number> = integer(0, INT_MAX);

/** A size in GiB, digits with g or G; bytes. */
export const memorySize: ValueForm<number> = {
  allowed: `0 to ${INT_MAX}, with g or G behind`,
  read: (raw) => {
    const [, digits, unit] = /^([0-9]+)(.*)$/s.exec(readString(raw)) ?? [];
    if (digits === undefined) throw new BadValue("not a number of GiB");
    if (unit === "") throw new BadValue("no unit");
    if (unit?.startsWith(".")) throw new BadValue("not a whole number");
    if (unit !== "g" && unit !== "G") throw new BadValue("another unit");
    if (Number(digits) > INT_MAX) throw new BadValue("out of range");
    return Number(digits) * GIB;
  },
};

/**
 * Reads a plain decimal number of 32 bits with an optional sign. As in GLib's
 * g_key_file_get_integer, blanks may follow it, and nothing else.
 * @throws {BadValue} that says which kind of mistake it is.
 * @internal
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
