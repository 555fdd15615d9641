import { close, type Memory, syscall } from "./libc.ts";
import { SYSCALL } from "./syscall_numbers.ts";

/** Of include/uapi/asm-generic/mman-common.h. */
export const MADV_COLD = 20;
export const MADV_PAGEOUT = 21;

/** Ranges that one process_madvise(2) takes (UIO_MAXIOV); more is EINVAL. */
export const MAX_RANGES = 1024;

/**
 * A vector of struct iovec (readv(2)): two 64-bit words each, base and length, here as four words
 * of 32 bits, the low half first.
 */
export class IoVector {
  readonly words: Uint32Array<ArrayBuffer> = new Uint32Array(4 * MAX_RANGES);

  set(index: number, address: number, bytes: number): void {
    const at = 4 * index;
    this.words[at] = address % 0x1_0000_0000;
    this.words[at + 1] = address / 0x1_0000_0000;
    this.words[at + 2] = bytes % 0x1_0000_0000;
    this.words[at + 3] = bytes / 0x1_0000_0000;
  }

  address(index: number): number {
    return this.words[4 * index]! + this.words[4 * index + 1]! * 0x1_0000_0000;
  }

  bytes(index: number): number {
    return this.words[4 * index + 2]! + this.words[4 * index + 3]! * 0x1_0000_0000;
  }

  /** The vector from range `index` on. */
  from(index: number): Memory {
    return this.words.subarray(4 * index);
  }
}

/** A process by descriptor: never another one that got its pid later (pidfd_open(2), Linux 5.3). */
export class PidFd implements Disposable {
  readonly fd: number;

  /** @throws {SystemCallError} ESRCH when there is no such process. */
  constructor(pid: number) {
    this.fd = syscall("pidfd_open", SYSCALL.pidfd_open, pid, 0);
  }

  [Symbol.dispose](): void {
    close(this.fd);
  }
}

/**
 * process_madvise(2), Linux 5.10: it stops at the first range that it cannot do.
 * @returns bytes of the ranges that were advised.
 * @throws {SystemCallError} when the first range fails.
 */
export function processMadvise(
  pidFd: number,
  vector: IoVector,
  from: number,
  count: number,
  advice: number,
): number {
  return syscall(
    "process_madvise",
    SYSCALL.process_madvise,
    pidFd,
    vector.from(from),
    count,
    advice,
    0,
  );
}
