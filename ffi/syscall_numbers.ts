/**
 * System calls that the C library of our oldest hosts (glibc 2.17) has no wrapper for,
 * or that need libnuma.
 */
interface SyscallNumbers {
  readonly gettid: number;
  readonly sched_setaffinity: number;
  readonly sched_getaffinity: number;
  readonly move_pages: number;
  readonly pidfd_open: number;
  readonly process_vm_readv: number;
  readonly kcmp: number;
  readonly process_madvise: number;
  readonly bpf: number;
}

/**
 * By process.arch: x86_64 from arch/x86/entry/syscalls/syscall_64.tbl,
 * aarch64 from asm-generic/unistd.h.
 */
const BY_ARCH: Readonly<Record<string, SyscallNumbers>> = {
  x64: {
    gettid: 186,
    sched_setaffinity: 203,
    sched_getaffinity: 204,
    move_pages: 279,
    process_vm_readv: 310,
    kcmp: 312,
    bpf: 321,
    pidfd_open: 434,
    process_madvise: 440,
  },
  arm64: {
    gettid: 178,
    sched_setaffinity: 122,
    sched_getaffinity: 123,
    move_pages: 239,
    process_vm_readv: 270,
    kcmp: 272,
    bpf: 280,
    pidfd_open: 434,
    process_madvise: 440,
  },
};

/**
 * The numbers of an architecture, named as process.arch has it.
 * @throws {Error} when it is not known.
 * @internal
 */
export function syscallNumbersOf(arch: string): SyscallNumbers {
  const numbers = BY_ARCH[arch];
  if (numbers === undefined) {
    throw new Error(
      `Cannot look up system call numbers for "${arch}": known are ${
        Object.keys(BY_ARCH).join(", ")
      }`,
    );
  }
  return numbers;
}

/** The system call numbers of this machine, for `syscall()` of libc.ts. */
export const SYSCALL: SyscallNumbers = syscallNumbersOf(process.arch);
