import { ProcfsError, readFile } from "./read_file.ts";

/**
 * A VMA of /proc/PID/maps. Addresses are multiples of the page size and stay exact as numbers: even
 * a 56-bit one has at most 44 significant bits.
 */
export interface Vma {
  readonly start: number;
  /** First address behind it. */
  readonly end: number;
  readonly write: boolean;
  readonly execute: boolean;
  /** MAP_PRIVATE (`p`), not `s`. */
  readonly private: boolean;
  /** 0: anonymous. */
  readonly inode: number;
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const DASH = 0x2d;
/** User space ends below it on every machine. */
const ADDRESS_LIMIT = 2 ** 60;

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x57;
  return -1;
}

/**
 * Whether an address of 16 digits begins here that is no user's: of [vsyscall],
 * which no number holds.
 */
function isKernels(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0x66 || bytes[at + 16] !== DASH) return false;
  for (let i = at; i < at + 16; i++) if (hexDigit(bytes[i]) < 0) return false;
  return true;
}

/**
 * Parses /proc/PID/maps (proc_pid_maps(5)): `start-end perms offset dev inode path`. The path is
 * not looked at: it may hold anything. The kernel's own [vsyscall] page at the end of the address
 * space is left out.
 * @param firstLine the number of the first line, for errors.
 * @throws {ProcfsError} when a line is not of this form.
 */
export function parseMaps(bytes: Uint8Array, file = "maps", firstLine = 1): Vma[] {
  const lines = new MapsLines(bytes, file, firstLine);
  const vmas: Vma[] = [];
  while (!lines.atEnd) {
    if (!lines.isKernels) vmas.push(lines.vma());
    lines.next();
  }
  return vmas;
}

/** Reads the fields of one line after the other. */
class MapsLines {
  readonly #bytes: Uint8Array;
  readonly #file: string;
  #line: number;
  /** Where the next field begins. */
  #at = 0;

  constructor(bytes: Uint8Array, file: string, firstLine: number) {
    this.#bytes = bytes;
    this.#file = file;
    this.#line = firstLine;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Whether the line is that of [vsyscall]. */
  get isKernels(): boolean {
    return isKernels(this.#bytes, this.#at);
  }

  /** Goes to the next line. */
  next(): void {
    const end = this.#bytes.indexOf(NEWLINE, this.#at);
    this.#at = end < 0 ? this.#bytes.length : end + 1;
    this.#line++;
  }

  /** The VMA of the line. */
  vma(): Vma {
    const start = this.#address("start", DASH);
    const end = this.#address("end", SPACE);
    const perms = this.#at;
    this.#skipField("permissions");
    if (this.#at !== perms + 5) throw this.#error("permissions", perms);
    this.#skipField("offset");
    this.#skipField("device");
    return {
      start,
      end,
      write: this.#bytes[perms + 1] === 0x77,
      execute: this.#bytes[perms + 2] === 0x78,
      private: this.#bytes[perms + 3] === 0x70,
      inode: this.#inode(),
    };
  }

  #address(item: string, terminator: number): number {
    const bytes = this.#bytes;
    const from = this.#at;
    let at = from;
    let value = 0;
    for (let digit = hexDigit(bytes[at]); digit >= 0; digit = hexDigit(bytes[++at])) {
      value = value * 16 + digit;
    }
    if (at === from || bytes[at] !== terminator || value >= ADDRESS_LIMIT) {
      throw this.#error(item, from);
    }
    this.#at = at + 1;
    return value;
  }

  #inode(): number {
    const bytes = this.#bytes;
    const from = this.#at;
    let at = from;
    let value = 0;
    for (
      let digit = hexDigit(bytes[at]);
      digit >= 0 && digit <= 9;
      digit = hexDigit(bytes[++at])
    ) {
      value = value * 10 + digit;
    }
    const isWhole = at === bytes.length || bytes[at] === SPACE || bytes[at] === NEWLINE;
    if (at === from || !isWhole) throw this.#error("inode", from);
    this.#at = at;
    return value;
  }

  #skipField(item: string): void {
    const bytes = this.#bytes;
    const from = this.#at;
    let at = from;
    while (at < bytes.length && bytes[at] !== SPACE && bytes[at] !== NEWLINE) at++;
    if (bytes[at] !== SPACE) throw this.#error(item, from);
    this.#at = at + 1;
  }

  /** @param from where the field begins that is not of its form. */
  #error(item: string, from: number): ProcfsError {
    const end = this.#bytes.indexOf(NEWLINE, from);
    const found = this.#bytes.subarray(from, end < 0 ? this.#bytes.length : end);
    const text = Buffer.from(found).toString("latin1").slice(0, 60);
    return new ProcfsError(this.#file, this.#line, item, text);
  }
}

/**
 * The VMAs of a process, in order of address.
 * @param dirFd the process's /proc directory.
 * @returns undefined when the process is gone. @throws {ProcfsError | SystemCallError}
 */
export function readMaps(dirFd: number): Vma[] | undefined {
  const bytes = readFile(dirFd, "maps");
  return bytes === undefined ? undefined : parseMaps(bytes);
}
