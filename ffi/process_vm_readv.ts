import { addressOf, syscall } from "./libc.ts";
import { type IoVector, MAX_RANGES } from "./process_madvise.ts";
import { SYSCALL } from "./syscall_numbers.ts";

const local = new BigUint64Array(2);
const remote = new BigUint64Array(2);
const byte = new Uint8Array(1);

/**
 * Reads one byte of another process (process_vm_readv(2)), and with it makes the page that it is on
 * present.
 * @throws {SystemCallError} EFAULT where nothing is mapped, EPERM, ESRCH when the process is gone.
 */
export function readByte(pid: number, address: number): void {
  readMemory(pid, address, byte);
}

/**
 * Reads memory of another process (process_vm_readv(2)), and with it makes its pages present.
 * @param into takes as much as it is long.
 * @returns bytes read, less where the memory ends. @throws {SystemCallError} as readByte().
 */
export function readMemory(pid: number, address: number, into: Uint8Array): number {
  local[0] = BigInt(addressOf(into));
  local[1] = BigInt(into.length);
  remote[0] = BigInt(address);
  remote[1] = BigInt(into.length);
  return syscall("process_vm_readv", SYSCALL.process_vm_readv, pid, local, 1, remote, 1, 0);
}

/** Takes a byte of each range. */
const bytes = new Uint8Array(MAX_RANGES);

/**
 * Reads what ranges of another process hold, one byte each, and with it makes the pages that they
 * are on present. It stops at the first range that cannot be read.
 * @param ranges of which `count` from index `from` on are read. @returns how many were read.
 * @throws {SystemCallError} EFAULT when the first cannot be read, ESRCH when the process is gone.
 */
export function readBytes(pid: number, ranges: IoVector, from: number, count: number): number {
  local[0] = BigInt(addressOf(bytes));
  local[1] = BigInt(count);
  const remotes = ranges.from(from);
  return syscall(
    "process_vm_readv",
    SYSCALL.process_vm_readv,
    pid,
    local,
    1,
    remotes,
    count,
    0,
  );
}
