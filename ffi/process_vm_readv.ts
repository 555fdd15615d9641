import { addressOf, syscall } from "./libc.ts";
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
  local[0] = BigInt(addressOf(byte));
  local[1] = 1n;
  remote[0] = BigInt(address);
  remote[1] = 1n;
  syscall("process_vm_readv", SYSCALL.process_vm_readv, pid, local, 1, remote, 1, 0);
}
