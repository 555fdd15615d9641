import { ConfigError } from "./config_error.ts";
import { excerpt } from "../text/excerpt.ts";
import type { FileObject } from "./file_objects.ts";
import type { KeyFileEntry } from "./key_file.ts";

/** A file of another kind can hold millions of them. */
const WARNINGS_MAX = 100;

interface Finding {
  readonly line: number;
  readonly text: string;
}

/** What is found wrong (one refusal, the first by line) and odd (all warnings) in a file. */
export class Findings {
  readonly #path: string;
  readonly #warnings: Finding[] = [];
  #warningCount = 0;
  #refusal: Finding | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** The file is refused for what stands in a line. */
  refuse(line: number, text: string): void {
    if (this.#refusal === undefined || line < this.#refusal.line) this.#refusal = { line, text };
  }

  /** The file is refused for a value. @param allowed completes "allowed is ...". */
  refuseValue(object: FileObject, entry: KeyFileEntry, problem: string, allowed: string): void {
    this.refuse(entry.line, `${shown(object, entry)}: ${problem}, allowed is ${allowed}`);
  }

  /** A line is odd, and the file is used. @param text is not asked for once there are enough. */
  warn(line: number, text: () => string): void {
    this.#warningCount++;
    if (this.#warningCount <= WARNINGS_MAX) this.#warnings.push({ line, text: text() });
  }

  /** A value is odd, and used. */
  warnOfValue(object: FileObject, entry: KeyFileEntry, remark: string): void {
    this.warn(entry.line, () => `${shown(object, entry)}: ${remark}`);
  }

  /** @throws {ConfigError} when something was refused. */
  throwRefusal(): void {
    if (this.#refusal === undefined) return;
    const { line, text } = this.#refusal;
    throw new ConfigError(this.#path, `line ${line}: ${text}`);
  }

  /** One line each, in the order of the file. */
  warnings(): string[] {
    const path = excerpt(this.#path);
    const lines = this.#warnings
      .toSorted((a, b) => a.line - b.line)
      .map(({ line, text }) => `"${path}" line ${line}: ${text}`);
    const more = this.#warningCount - lines.length;
    return more === 0 ? lines : [...lines, `"${path}": ${more} more warnings`];
  }
}

function shown(object: FileObject, { key, value }: KeyFileEntry): string {
  return `[${object.kind}] ${excerpt(key)}=${excerpt(value)}`;
}
