import { excerpt } from "../text/excerpt.ts";
import { BadValue, UnsupportedValue, type ValueForm } from "./value_form.ts";

const LONGEST_NAME = 63;

/** A name. @param longest the most bytes of a name in the files of old, which is warned of. */
function nameForm(longest: number): ValueForm<string> {
  const read = (raw: string, warn: (remark: string) => void): string => {
    const name = readString(raw);
    const bytes = byteLength(name);
    // v1 requests carry names between blanks, and - for none.
    if (name === "-") throw new BadValue("stands for no name");
    if (/[\p{Cc} ]/u.test(name)) throw new BadValue("a blank or control character in it");
    if (bytes > longest) throw new BadValue(`${bytes} bytes long`);
    if (bytes > LONGEST_NAME) {
      warn(`is ${bytes} bytes long, which old files may be: allowed is ${LONGEST_NAME}`);
    }
    return name;
  };
  return { allowed: `1 to ${LONGEST_NAME} bytes without blanks, not -`, read };
}

/** The name of a project or an engine; the original took one byte more than it documents. */
export const objectName: ValueForm<string> = nameForm(64);

/** The name of a task; a Kubernetes operator of the field adds `_task_0` to that of its project. */
export const taskName: ValueForm<string> = nameForm(64 + "_task_0".length);

/** One of some words. Words of the original program that we do not know are refused by name. */
export function oneOf<const W extends string>(
  words: readonly W[],
  unsupported: readonly string[] = [],
): ValueForm<W> {
  const read = (raw: string): W => {
    const text = readString(raw);
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw unsupported.includes(text) ? new UnsupportedValue() : new BadValue("unknown");
  };
  return { allowed: alternatives(words), read };
}

/** Some words as a choice: `a`, `a or b`, `a, b or c`. */
export function alternatives(words: readonly string[]): string {
  return [words.slice(0, -1).join(", "), ...words.slice(-1)].filter(Boolean).join(" or ");
}

const yesOrNo = oneOf(["yes", "no"]);

/** `yes` or `no`: true or false. */
export const yesNo: ValueForm<boolean> = {
  allowed: yesOrNo.allowed,
  read: (raw, warn) => yesOrNo.read(raw, warn) === "yes",
};

/** What is not used, and may be anything. */
export const anyText: ValueForm<string> = { allowed: "anything", read: (raw) => raw };

/** Text of fewer than 256 bytes; `check` throws BadValue for what it refuses. */
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

/**
 * A value that is text, unescaped.
 * @throws {BadValue} when it is empty, or ends with a blank, which would count.
 */
export function readString(raw: string): string {
  if (raw === "") throw new BadValue("no value");
  if (/[ \t\n\f\r]$/.test(raw)) throw new BadValue("a blank at its end");
  return unescapeString(raw);
}

const ESCAPES: Readonly<Record<string, string>> = {
  s: " ",
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
};

/**
 * Resolves the escapes of a value as g_key_file_get_string does.
 * @throws {BadValue} for another escape.
 */
export function unescapeString(value: string): string {
  return value.replaceAll(/\\(.?)/gsu, (escape: string, character: string) => {
    const plain = ESCAPES[character];
    if (plain !== undefined) return plain;
    throw new BadValue(
      character === ""
        ? "a single \\ at its end, a backslash is written \\\\"
        : `the escape ${excerpt(escape)} in it, escapes are \\s \\n \\t \\r \\\\`,
    );
  });
}

/** Bytes of a text in UTF-8. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
