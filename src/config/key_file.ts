import { excerpt } from "../text/excerpt.ts";

/** An entry `key=value` of a key file. */
export interface KeyFileEntry {
  /** The key, with its `[locale]` if it has one. */
  readonly key: string;
  /** The text after `=` and the blanks that follow it; escapes are as in the file. */
  readonly value: string;
  /** Line number in the file, from 1. */
  readonly line: number;
}

/** One `[name]` header of a key file and what follows it up to the next header. */
export interface KeyFileGroup {
  readonly name: string;
  /** Line number of the header, from 1. */
  readonly line: number;
  /** In file order; repeated keys as often as they stand there. */
  readonly entries: readonly KeyFileEntry[];
  /** Its lines as in the file, without "\n", with the comments right above the header. */
  readonly source: readonly string[];
}

/** A key file by its syntax. Its lines are the preamble, then the sources of all groups. */
export interface KeyFile {
  /** The comments and empty lines at the top. */
  readonly preamble: readonly string[];
  /** In file order; a repeated header makes a group of its own here. */
  readonly groups: readonly KeyFileGroup[];
}

/** A line that is no key file syntax; `message` says what it is instead. */
export class KeyFileError extends Error {
  override readonly name = "KeyFileError";
  /** Line number in the file, from 1. */
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/**
 * Reads key file syntax as GLib's g_key_file_load_from_data does (gkeyfile.c), with two exceptions:
 * it refuses NUL bytes, at which GLib cuts silently, and groups, keys and values that are not
 * UTF-8, which GLib keeps.
 * @throws {KeyFileError} for the first line that is no `[group]`, `key=value` or `#` comment, and
 * not empty.
 */
export function parseKeyFile(bytes: Uint8Array): KeyFile {
  const preamble: string[] = [];
  const groups: (KeyFileGroup & { entries: KeyFileEntry[]; source: string[] })[] = [];
  let source = preamble;
  let commentsAbove = 0;
  let number = 0;
  for (const line of linesOf(bytes)) {
    number++;
    const syntax = parseLine(line, number, groups);
    if (syntax.kind === "group") {
      source = source.splice(source.length - commentsAbove);
      groups.push({ name: syntax.name, line: number, entries: [], source });
    } else if (syntax.kind === "entry") {
      groups.at(-1)?.entries.push(syntax.entry);
    }
    source.push(line.source);
    commentsAbove = syntax.kind === "comment" ? commentsAbove + 1 : 0;
  }
  return { preamble, groups };
}

interface Line {
  /** As in the file, without the line feed; U+FFFD where it is not UTF-8. */
  readonly source: string;
  /** Without the carriage return of a CRLF and without leading blanks. */
  readonly text: string;
  readonly isUtf8: boolean;
}

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = "\uFEFF";

/** The lines between line feeds. What follows the last line feed is a line too, even if empty. */
function* linesOf(bytes: Uint8Array): Generator<Line> {
  const whole = decode(bytes);
  const lines = whole.isUtf8 ? whole.text.split("\n") : bytesOfLines(bytes);
  let left = lines.length;
  for (const line of lines) {
    left--;
    const { text: source, isUtf8 } = typeof line === "string"
      ? { text: line, isUtf8: true }
      : decode(line);
    const text = left > 0 && source.endsWith("\r") ? source.slice(0, -1) : source;
    yield { source, text: trimStart(text), isUtf8 };
  }
}

function bytesOfLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start <= bytes.length;) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed === -1 ? bytes.length : feed;
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenientUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

function decode(bytes: Uint8Array): { readonly text: string; readonly isUtf8: boolean } {
  try {
    return { text: strictUtf8.decode(bytes), isUtf8: true };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { text: lenientUtf8.decode(bytes), isUtf8: false };
  }
}

type Syntax =
  | { readonly kind: "empty" }
  | { readonly kind: "comment" }
  | { readonly kind: "group"; readonly name: string }
  | { readonly kind: "entry"; readonly entry: KeyFileEntry };

function parseLine(line: Line, number: number, before: readonly KeyFileGroup[]): Syntax {
  const { source, text, isUtf8 } = line;
  if (source.includes("\0")) throw new KeyFileError(number, "a NUL byte, this is not a text file");
  if (text === "") return { kind: "empty" };
  if (text.startsWith("#")) return { kind: "comment" };
  if (number === 1 && text.startsWith(BYTE_ORDER_MARK)) {
    throw new KeyFileError(number, "a byte order mark, allowed is UTF-8 without one");
  }
  if (!isUtf8) throw new KeyFileError(number, "not UTF-8");
  const header = /^\[([^\]]*)\][ \t]*$/.exec(text)?.[1];
  if (header !== undefined) return { kind: "group", name: checkedGroupName(header, number) };
  const equals = text.indexOf("=");
  if (equals < 1 || text.startsWith("[")) throw new KeyFileError(number, whatElse(text));
  const [first, current] = [before[0], before.at(-1)];
  if (first === undefined || current === undefined) {
    throw new KeyFileError(number, `"${excerpt(text)}" stands before the first [group]`);
  }
  const key = checkedKey(trimEnd(text.slice(0, equals)), number);
  const value = trimStart(text.slice(equals + 1));
  // GLib looks at this key in the first group only; the same name again is the same group to it.
  if (key === "Encoding" && current.name === first.name && value.toLowerCase() !== "utf-8") {
    throw new KeyFileError(number, `Encoding=${excerpt(value)}: allowed is UTF-8`);
  }
  return { kind: "entry", entry: { key, value, line: number } };
}

/** What is wrong with a line that is no key file syntax. */
function whatElse(text: string): string {
  switch (text.charAt(0)) {
    case ";":
      return `"${excerpt(text)}" is no comment, comments start with #`;
    case "=":
      return `"${excerpt(text)}" has no key before the =`;
    case "[":
      return `"${excerpt(text)}" is no [group]: ${
        text.includes("]") ? "something follows the ]" : "the ] is missing"
      }`;
    default:
      return `"${excerpt(text)}" is no [group], no key=value and no # comment`;
  }
}

function checkedGroupName(name: string, line: number): string {
  if (name === "") throw new KeyFileError(line, "[] has no name");
  if (name.includes("[") || hasControlCharacter(name)) {
    throw new KeyFileError(line, `"${excerpt(name)}" cannot be a group name`);
  }
  return name;
}

/** A key has no brackets, except for a `[locale]` at its end without a blank before it. */
function checkedKey(key: string, line: number): string {
  if (!/^[^[\]]*[^[\] ](?:\[[\p{L}\p{N}\-_.@]*\])?$/u.test(key)) {
    throw new KeyFileError(line, `"${excerpt(key)}" cannot be a key`);
  }
  return key;
}

/** g_ascii_iscntrl. */
function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

/** g_ascii_isspace: not the vertical tab, nothing beyond ASCII. */
const BLANKS = " \t\n\f\r";

function trimStart(text: string): string {
  let start = 0;
  while (start < text.length && BLANKS.includes(text.charAt(start))) start++;
  return text.slice(start);
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && BLANKS.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
