/** A procfs file that does not look as documented: says which file, line and item. */
export class ProcfsError extends Error {
  override readonly name = "ProcfsError";

  /** @param line counted from 1. */
  constructor(file: string, line: number, item: string, found: string) {
    super(`Cannot read ${item} in line ${line} of ${file}: found ${JSON.stringify(found)}`);
  }
}
