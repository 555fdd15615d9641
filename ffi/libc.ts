import { dlopen, FFIType, type Pointer, ptr, read as readMemory } from "bun:ffi";
import { SystemCallError } from "./errno.ts";

/**
 * The C library, bound once per thread. Each symbol stands with its C prototype; ssize_t and off_t
 * come back as numbers while they are safe integers (i64_fast). open, openat, ioctl, prctl and
 * syscall are variadic in C: on x86_64 and aarch64 Linux integer and pointer arguments travel the
 * same way as in a fixed prototype.
 */
const { symbols: libc } = dlopen("libc.so.6", {
  // int *__errno_location(void)
  __errno_location: { args: [], returns: "ptr" },
  // int openat(int dirfd, const char *pathname, int flags, mode_t mode)
  openat: { args: ["i32", "ptr", "i32", "u32"], returns: "i32" },
  // int close(int fd)
  close: { args: ["i32"], returns: "i32" },
  // ssize_t read(int fd, void *buf, size_t count)
  read: { args: ["i32", "ptr", "u64"], returns: FFIType.i64_fast },
  // ssize_t pread(int fd, void *buf, size_t count, off_t offset)
  pread: { args: ["i32", "ptr", "u64", "i64"], returns: FFIType.i64_fast },
  // ssize_t write(int fd, const void *buf, size_t count)
  write: { args: ["i32", "ptr", "u64"], returns: FFIType.i64_fast },
  // ssize_t pwrite(int fd, const void *buf, size_t count, off_t offset)
  pwrite: { args: ["i32", "ptr", "u64", "i64"], returns: FFIType.i64_fast },
  // off_t lseek(int fd, off_t offset, int whence)
  lseek: { args: ["i32", "i64", "i32"], returns: FFIType.i64_fast },
  // int ioctl(int fd, unsigned long request, void *argp)
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  // int flock(int fd, int operation)
  flock: { args: ["i32", "i32"], returns: "i32" },
  // long syscall(long number, ...)
  syscall: { args: ["i64", "i64", "i64", "i64", "i64", "i64", "i64"], returns: FFIType.i64_fast },
  // int clock_gettime(clockid_t clockid, struct timespec *tp)
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  // long sysconf(int name)
  sysconf: { args: ["i32"], returns: FFIType.i64_fast },
  // struct tm *localtime_r(const time_t *timep, struct tm *result)
  localtime_r: { args: ["ptr", "ptr"], returns: "ptr" },
});

/** What a wrapper takes for memory: the pointer lives as long as the view. */
export type Memory = Uint8Array | Int32Array | Uint32Array | BigUint64Array | Float64Array;

/** Of fcntl.h (asm-generic values: the same on x86_64 and aarch64, but for O_DIRECTORY). */
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
const O_CLOEXEC = 0o2000000;
export const AT_FDCWD = -100;

const SEEK_SET = 0;
const SEEK_CUR = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const EINTR = 4;

/**
 * errno of the call that was made last on this thread: to be asked for right after it,
 * in its wrapper.
 */
export function lastErrno(): number {
  const location = libc.__errno_location();
  return location === null ? 0 : readMemory.i32(location, 0);
}

/** A NUL-terminated copy of a string. */
export function cString(text: string): Uint8Array {
  return Buffer.from(`${text}\0`);
}

/** Paths that are opened: most of them are short, and many are opened in a round. */
const pathBytes = new Uint8Array(512);
const encoder = new TextEncoder();

/** The same as cString(), valid until the next path. */
function pathString(path: string): Uint8Array {
  // a character takes three bytes at most
  if (path.length * 3 >= pathBytes.length) return cString(path);
  pathBytes[encoder.encodeInto(path, pathBytes).written] = 0;
  return pathBytes;
}

/** openat(2), always with O_CLOEXEC. @returns a file descriptor. @throws {SystemCallError} */
export function openAt(dirFd: number, path: string, flags: number): number {
  const name = pathString(path);
  for (;;) {
    const fd = libc.openat(dirFd, name, flags | O_CLOEXEC, 0);
    if (fd >= 0) return fd;
    const errno = lastErrno();
    if (errno !== EINTR) throw new SystemCallError("openat", errno, path);
  }
}

/** close(2); never repeated on EINTR, since Linux has released the descriptor by then. */
export function close(fd: number): void {
  libc.close(fd);
}

/**
 * read(2) into the first `count` bytes. @returns bytes read, 0 at the end.
 * @throws {SystemCallError}
 */
export function read(fd: number, into: Memory, count: number): number {
  for (;;) {
    const n = Number(libc.read(fd, into, count));
    if (n >= 0) return n;
    const errno = lastErrno();
    if (errno !== EINTR) throw new SystemCallError("read", errno);
  }
}

/** pread(2) into the first `count` bytes. @returns bytes read. @throws {SystemCallError} */
export function pread(fd: number, into: Memory, count: number, position: number): number {
  for (;;) {
    const n = Number(libc.pread(fd, into, count, position));
    if (n >= 0) return n;
    const errno = lastErrno();
    if (errno !== EINTR) throw new SystemCallError("pread", errno);
  }
}

/**
 * pread(2) again until `count` bytes are there or the file ends: it may stop early.
 * @param about what is read, for the message.
 * @returns bytes read, less than `count` only at the end. @throws {SystemCallError}
 */
export function preadFully(
  fd: number,
  into: Memory,
  count: number,
  position: number,
  about?: string,
): number {
  try {
    let done = pread(fd, into, count, position);
    while (done > 0 && done < count) {
      const rest = new Uint8Array(into.buffer, into.byteOffset + done, count - done);
      const n = pread(fd, rest, count - done, position + done);
      if (n === 0) break;
      done += n;
    }
    return done;
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    throw new SystemCallError("pread", error.errno, about);
  }
}

/**
 * write(2) of the first `count` bytes.
 * @param about what is written to, for the message.
 * @returns bytes taken. @throws {SystemCallError}
 */
export function write(fd: number, from: Memory, count: number, about?: string): number {
  for (;;) {
    const n = Number(libc.write(fd, from, count));
    if (n >= 0) return n;
    const errno = lastErrno();
    if (errno !== EINTR) throw new SystemCallError("write", errno, about);
  }
}

/**
 * pwrite(2) of the first `count` bytes.
 * @param about what is written to, for the message.
 * @returns bytes taken. @throws {SystemCallError}
 */
export function pwrite(
  fd: number,
  from: Memory,
  count: number,
  position: number,
  about?: string,
): number {
  for (;;) {
    const n = Number(libc.pwrite(fd, from, count, position));
    if (n >= 0) return n;
    const errno = lastErrno();
    if (errno !== EINTR) throw new SystemCallError("pwrite", errno, about);
  }
}

/** lseek(2) to an absolute position. @throws {SystemCallError} */
export function seek(fd: number, position: number): void {
  if (Number(libc.lseek(fd, position, SEEK_SET)) < 0) {
    throw new SystemCallError("lseek", lastErrno(), `0x${position.toString(16)}`);
  }
}

/** The file position, by lseek(2). @throws {SystemCallError} */
export function tell(fd: number): number {
  const position = Number(libc.lseek(fd, 0, SEEK_CUR));
  if (position < 0) throw new SystemCallError("lseek", lastErrno());
  return position;
}

/**
 * Locks a file against others that lock it, until the descriptor is closed: flock(2),
 * never waiting.
 * @throws {SystemCallError} EAGAIN when another has the lock.
 */
export function lockFile(fd: number): void {
  if (libc.flock(fd, LOCK_EX | LOCK_NB) < 0) throw new SystemCallError("flock", lastErrno());
}

/** ioctl(2) with a pointer argument. @returns its result. @throws {SystemCallError} */
export function ioctl(fd: number, request: number, argument: Memory): number {
  const result = libc.ioctl(fd, request, argument);
  if (result < 0) throw new SystemCallError("ioctl", lastErrno(), `0x${request.toString(16)}`);
  return result;
}

/** syscall(2) by number. @returns its result. @throws {SystemCallError} named `name`. */
export function syscall(
  name: string,
  number: number,
  ...args: readonly (number | bigint | Memory | null)[]
): number {
  const raw = args.map((a) => a === null ? 0 : typeof a === "object" ? addressOf(a) : a);
  const result = Number(
    libc.syscall(
      number,
      raw[0] ?? 0,
      raw[1] ?? 0,
      raw[2] ?? 0,
      raw[3] ?? 0,
      raw[4] ?? 0,
      raw[5] ?? 0,
    ),
  );
  if (result === -1) throw new SystemCallError(name, lastErrno());
  return result;
}

/** The address of a view's first byte; the view must be kept alive for as long as it is used. */
export function addressOf(memory: Memory): Pointer {
  return ptr(memory);
}

const CLOCK_MONOTONIC = 1;
const CLOCK_THREAD_CPUTIME_ID = 3;
const timespec = new BigUint64Array(2);

/** Milliseconds since the machine was started, the same in all threads (clock_gettime(2)). */
export function monotonicMs(): number {
  libc.clock_gettime(CLOCK_MONOTONIC, timespec);
  return Number((timespec[0] ?? 0n) * 1_000_000n + (timespec[1] ?? 0n) / 1000n) / 1000;
}

/** CPU time of the calling thread in microseconds (clock_gettime(2)). */
export function threadCpuUs(): number {
  libc.clock_gettime(CLOCK_THREAD_CPUTIME_ID, timespec);
  return Number((timespec[0] ?? 0n) * 1_000_000n + (timespec[1] ?? 0n) / 1000n);
}

/** Of include/linux/posix-timers_types.h: the clock counts the time on a CPU, to the nanosecond. */
const CPUCLOCK_SCHED = 2;

/**
 * CPU time in nanoseconds that all threads of a process have had, those that have ended too
 * (clock_getcpuclockid(3)): while it stands still, the process has not run.
 * @returns undefined when there is no such process.
 */
export function processCpuNs(pid: number): bigint | undefined {
  const failed = libc.clock_gettime((~pid << 3) | CPUCLOCK_SCHED, timespec) !== 0;
  return failed ? undefined : (timespec[0] ?? 0n) * 1_000_000_000n + (timespec[1] ?? 0n);
}

const _SC_PAGESIZE = 30;

/** Bytes in a base page, by sysconf(3): 4096, 16384 or 65536. */
export const PAGE_SIZE = Number(libc.sysconf(_SC_PAGESIZE));

/** A time of the day where the machine is: `month` and `day` as people count them. */
export interface LocalTime {
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const time = new BigUint64Array(1);
/** struct tm: int tm_sec, tm_min, tm_hour, tm_mday, tm_mon and others; 56 bytes. */
const brokenDown = new Int32Array(14);

/** localtime_r(3), by /etc/localtime as the C library reads it. @param seconds since 1970. */
export function localTime(seconds: number): LocalTime {
  time[0] = BigInt(seconds);
  libc.localtime_r(time, brokenDown);
  const [second = 0, minute = 0, hour = 0, day = 0, month = 0] = brokenDown;
  return { month: month + 1, day, hour, minute, second };
}
