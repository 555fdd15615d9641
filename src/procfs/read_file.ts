import { close, O_RDONLY, openAt, read } from "../../ffi/libc.ts";
import { errorCode, SystemCallError } from "../../ffi/errno.ts";

const USUAL_BYTES = 16 * 1024;
/** A larger buffer is not kept: a process with 65 530 mappings has 6 MB of maps. */
const KEPT_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** A procfs answer that grows: procfs hands out at most a page or so per read(2). */
let buffer = new Uint8Array(USUAL_BYTES);

/** A procfs file that does not look as documented: says which file, line and item. */
export class ProcfsError extends Error {
  override readonly name = "ProcfsError";

  /** @param line counted from 1. */
  constructor(file: string, line: number, item: string, found: string) {
    super(`Cannot read ${item} in line ${line} of ${file}: found ${JSON.stringify(found)}`);
  }
}

/** Whether an error says that the process (or its memory) is not there any more. */
export function isGone(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ESRCH";
}

/**
 * Opens a file that may be gone and works on it.
 * @returns undefined when the process is gone, before or meanwhile. @throws {SystemCallError}
 */
function withFile<T>(dirFd: number, path: string, work: (fd: number) => T): T | undefined {
  let fd = -1;
  try {
    fd = openAt(dirFd, path, O_RDONLY);
    return work(fd);
  } catch (error) {
    if (isGone(error)) return undefined;
    if (!(error instanceof SystemCallError) || error.syscall !== "read") throw error;
    throw new SystemCallError("read", error.errno, path);
  } finally {
    if (fd >= 0) close(fd);
  }
}

/**
 * Reads a procfs or sysfs file from its beginning to its end.
 * @param dirFd directory that `path` is relative to, or AT_FDCWD.
 * @returns the bytes, valid until the next call on this thread; undefined when the process is gone.
 * @throws {SystemCallError} for any other failure.
 */
export function readFile(dirFd: number, path: string): Uint8Array | undefined {
  return withFile(dirFd, path, (fd) => {
    if (buffer.length > KEPT_BYTES) buffer = new Uint8Array(USUAL_BYTES);
    let length = 0;
    for (;;) {
      if (length === buffer.length) {
        const larger = new Uint8Array(buffer.length * 2);
        larger.set(buffer);
        buffer = larger;
      }
      const rest = length === 0 ? buffer : buffer.subarray(length);
      const n = read(fd, rest, rest.length);
      if (n === 0) return buffer.subarray(0, length);
      length += n;
    }
  });
}

/**
 * Reads a procfs file piece by piece, for those that are too large to be held.
 * @param take gets each piece, each byte one character; false ends the reading.
 * @returns undefined when the process is gone. @throws {SystemCallError}
 */
export function readPieces(
  dirFd: number,
  path: string,
  take: (piece: string) => boolean,
): true | undefined {
  return withFile(dirFd, path, (fd) => {
    for (;;) {
      const n = read(fd, buffer, USUAL_BYTES);
      if (n === 0 || !take(decoder.decode(buffer.subarray(0, n)))) return true;
    }
  });
}

/**
 * Reads a procfs file that is one line of less than 16 KiB (comm,
 * stat): one read(2) has it whole, as a rule.
 * @returns each byte one character; undefined when the process is gone. @throws {SystemCallError}
 */
export function readRecord(dirFd: number, path: string): string | undefined {
  return withFile(dirFd, path, readLine);
}

function readLine(fd: number): string {
  return decoder.decode(buffer.subarray(0, readUpTo(fd, USUAL_BYTES)));
}

/** Reads until there are `wanted` bytes, or a line has ended. @returns bytes in the buffer. */
function readUpTo(fd: number, wanted: number): number {
  let length = read(fd, buffer, USUAL_BYTES);
  while (length > 0 && length < wanted && buffer[length - 1] !== NEWLINE) {
    const n = read(fd, buffer.subarray(length), USUAL_BYTES - length);
    if (n === 0) break;
    length += n;
  }
  return length;
}

const decoder = new TextDecoder("latin1");

/** The same as text, each byte one character. */
export function readText(dirFd: number, path: string): string | undefined {
  const bytes = readFile(dirFd, path);
  return bytes === undefined ? undefined : decoder.decode(bytes);
}
