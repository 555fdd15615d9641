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
  const vmas: Vma[] = [];
  let at = 0;
  let line = firstLine - 1;
  const fail = (item: string, from: number): ProcfsError => {
    const end = bytes.indexOf(NEWLINE, from);
    const found = bytes.subarray(from, end < 0 ? bytes.length : end);
    return new ProcfsError(file, line, item, Buffer.from(found).toString("latin1").slice(0, 60));
  };
  const address = (item: string, terminator: number): number => {
    const from = at;
    let value = 0;
    for (let digit = hexDigit(bytes[at]); digit >= 0; digit = hexDigit(bytes[++at])) {
      value = value * 16 + digit;
    }
    if (at === from || bytes[at] !== terminator || value >= ADDRESS_LIMIT) throw fail(item, from);
    at++;
    return value;
  };
  const skipField = (item: string): void => {
    const from = at;
    while (at < bytes.length && bytes[at] !== SPACE && bytes[at] !== NEWLINE) at++;
    if (bytes[at] !== SPACE) throw fail(item, from);
    at++;
  };
  while (at < bytes.length) {
    line++;
    if (!isKernels(bytes, at)) {
      const start = address("start", DASH);
      const end = address("end", SPACE);
      const perms = at;
      skipField("permissions");
      if (at !== perms + 5) throw fail("permissions", perms);
      skipField("offset");
      skipField("device");
      let inode = 0;
      const inodeAt = at;
      for (
        let digit = hexDigit(bytes[at]);
        digit >= 0 && digit <= 9;
        digit = hexDigit(bytes[++at])
      ) {
        inode = inode * 10 + digit;
      }
      const isInode = at > inodeAt &&
        (at === bytes.length || bytes[at] === SPACE || bytes[at] === NEWLINE);
      if (!isInode) throw fail("inode", inodeAt);
      vmas.push({
        start,
        end,
        write: bytes[perms + 1] === 0x77,
        execute: bytes[perms + 2] === 0x78,
        private: bytes[perms + 3] === 0x70,
        inode,
      });
    }
    const end = bytes.indexOf(NEWLINE, at);
    if (end < 0) break;
    at = end + 1;
  }
  return vmas;
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
