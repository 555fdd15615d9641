import { ProcfsError } from "./read_file.ts";

/**
 * The value of a line `Name:   123 kB`, in bytes.
 * @param text what stands behind the colon. @param line counted from 1. @throws {ProcfsError}
 */
export function parseSize(text: string, file: string, line: number, name: string): number {
  const value = text.trim();
  const digits = value.endsWith(" kB") ? value.slice(0, -3) : value;
  const bytes = Number(digits) * 1024;
  if (!/^\d+$/.test(digits) || !Number.isSafeInteger(bytes)) {
    throw new ProcfsError(file, line, name, value);
  }
  return bytes;
}

/**
 * Picks sizes out of a file with lines `Name:   123 kB` (meminfo, status).
 * @returns bytes in the order of `names`; 0 for a name that the file does not have.
 * @throws {ProcfsError} when a wanted line has no number.
 */
export function pickSizes(text: string, names: readonly string[], file: string): number[] {
  return names.map((name) => {
    const label = `${name}:`;
    const at = text.startsWith(label) ? 0 : text.indexOf(`\n${label}`) + 1;
    if (at === 0 && !text.startsWith(label)) return 0;
    const end = text.indexOf("\n", at);
    const value = text.slice(at + label.length, end < 0 ? text.length : end);
    return parseSize(value, file, text.slice(0, at).split("\n").length, name);
  });
}
