import { BadValue } from "./bad_value.ts";
import { INT_MAX, INT_MIN, parseInteger } from "./parse_integer.ts";
import { unescapeString } from "./unescape_string.ts";

/** How the value of a key is written, and what the running code gets for it. */
export interface ValueForm<T> {
  /** Completes "allowed is ...", for messages and manuals. */
  readonly allowed: string;
  /**
   * Reads the text after `=`, escapes and all; remarks on an accepted value go to `warn`.
   * @throws {BadValue}
   */
  readonly read: (raw: string, warn: (remark: string) => void) => T;
}

/** A whole number from `min` to `max`; `allowed` tells the range where it depends on more than that. */
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

/** 0 to INT_MAX. */
export const natural: ValueForm<number> = integer(0, INT_MAX);

/** One of some words; words of the original program that we do not know are refused by name. */
export function oneOf<const W extends string>(
  words: readonly W[],
  unsupported: readonly string[] = [],
): ValueForm<W> {
  const read = (raw: string): W => {
    const text = readString(raw);
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new BadValue(unsupported.includes(text) ? "not supported by this version" : "unknown");
  };
  return {
    allowed: [words.slice(0, -1).join(", "), ...words.slice(-1)].filter(Boolean).join(" or "),
    read,
  };
}

const yesOrNo = oneOf(["yes", "no"]);

/** `yes` or `no`: true or false. */
export const yesNo: ValueForm<boolean> = {
  allowed: yesOrNo.allowed,
  read: (raw, warn) => yesOrNo.read(raw, warn) === "yes",
};

/** Fewer than 256 bytes, for whoever takes more than a word; `check` throws BadValue for what it refuses. */
export function shortText(allowed: string, check: (text: string) => void): ValueForm<string> {
  const read = (raw: string): string => {
    const text = readString(raw);
    const bytes = byteLength(text);
    if (bytes > 255) throw new BadValue(`${bytes} bytes long`);
    check(text);
    return text;
  };
  return { allowed, read };
}

/** A value that is text, unescaped. @throws {BadValue} when it is empty or a blank at its end would count. */
export function readString(raw: string): string {
  if (raw === "") throw new BadValue("no value");
  if (/[ \t\n\f\r]$/.test(raw)) throw new BadValue("a blank at its end");
  return unescapeString(raw);
}

/** Bytes of a text in UTF-8. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
