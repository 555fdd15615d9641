import { ConfigError } from "./config_error.ts";
import { excerpt } from "../text/excerpt.ts";
import type { FileObject } from "./file_objects.ts";
import type { KeyFileEntry } from "./key_file.ts";

/** A file that is no configuration file may have millions of odd lines. */
const WARNINGS_MAX = 100;

interface Finding {
  readonly line: number;
  readonly text: string;
}

/** Why a file is refused. */
interface RefusalFinding extends Finding {
  readonly isUnsupported: boolean;
}

/** What is wrong with a file (its first line that is refused), and what is odd (all warnings). */
export class Findings {
  readonly #path: string;
  readonly #warnings: Finding[] = [];
  #warningCount = 0;
  #refusal: RefusalFinding | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Refuses the file for a line. */
  refuse(line: number, text: string): void {
    this.#refuse({ line, text, isUnsupported: false });
  }

  /** The first by line counts; what this version does not have at all comes before all mistakes. */
  #refuse(refusal: RefusalFinding): void {
    const known = this.#refusal;
    const isFirst = known === undefined ||
      (refusal.isUnsupported === known.isUnsupported
        ? refusal.line < known.line
        : refusal.isUnsupported);
    if (isFirst) this.#refusal = refusal;
  }

  /** Refuses the file for a value. @param allowed completes "allowed is ...". */
  refuseValue(object: FileObject, entry: KeyFileEntry, problem: string, allowed: string): void {
    this.refuse(entry.line, `${shown(object, entry)}: ${problem}, allowed is ${allowed}`);
  }

  /** Refuses the file for a value that the original program knows and this one does not. */
  refuseUnsupported(object: FileObject, entry: KeyFileEntry, allowed: string): void {
    const text = `${shown(object, entry)}: not supported by this version, allowed is ${allowed}`;
    this.#refuse({ line: entry.line, text, isUnsupported: true });
  }

  /** Warns of a line. @param text is called only as long as warnings are listed. */
  warn(line: number, text: () => string): void {
    this.#warningCount++;
    if (this.#warningCount <= WARNINGS_MAX) this.#warnings.push({ line, text: text() });
  }

  /** Warns of a value. */
  warnOfValue(object: FileObject, entry: KeyFileEntry, remark: string): void {
    this.warn(entry.line, () => `${shown(object, entry)}: ${remark}`);
  }

  /** @throws {ConfigError} when the file was refused. */
  throwRefusal(): void {
    if (this.#refusal === undefined) return;
    const { line, text } = this.#refusal;
    throw new ConfigError(this.#path, `line ${line}: ${text}`);
  }

  /** The warnings, one line each, in the order of the file. */
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
