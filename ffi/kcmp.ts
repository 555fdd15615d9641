import { syscall } from "./libc.ts";
import { SYSCALL } from "./syscall_numbers.ts";

/** Of include/uapi/linux/kcmp.h. */
const KCMP_VM = 1;

/** How the address spaces of two processes stand in the kernel's order of all: 0, they are one. */
export type SpaceOrder = -1 | 0 | 1;

/**
 * Compares the address spaces of two processes (kcmp(2), KCMP_VM). The order stays the same while
 * both live and execute nothing; those without one, which have ended, are the same.
 * @throws {SystemCallError} ESRCH when one is gone, EPERM without CAP_SYS_PTRACE, ENOSYS where the
 * kernel has none.
 */
export function compareSpaces(pid: number, other: number): SpaceOrder {
  // int syscall(SYS_kcmp, pid_t pid1, pid_t pid2, int type, unsigned long idx1,
  //             unsigned long idx2): 1: less, 2: more
  const order = syscall("kcmp", SYSCALL.kcmp, pid, other, KCMP_VM, 0, 0);
  if (order === 0) return 0;
  return order === 1 ? -1 : 1;
}
