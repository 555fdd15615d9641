import { syscall } from "./libc.ts";
import { SYSCALL } from "./syscall_numbers.ts";

/** Bytes of a CPU mask for 8192 CPUs, the most a Linux kernel is built for (CONFIG_NR_CPUS). */
const MASK_BYTES = 1024;
/** tid 0 in sched_setaffinity(2): the thread that calls. */
const THIS_THREAD = 0;

function maskOf(cpus: Iterable<number>): Uint8Array {
  const mask = new Uint8Array(MASK_BYTES);
  for (const cpu of cpus) {
    const byte = mask[cpu >> 3];
    if (byte === undefined || !Number.isInteger(cpu)) {
      throw new RangeError(
        `Cannot run on CPU "${cpu}": not an integer from 0 to ${MASK_BYTES * 8 - 1}`,
      );
    }
    mask[cpu >> 3] = byte | (1 << (cpu & 7));
  }
  return mask;
}

/**
 * The CPUs the calling thread may run on, ascending (sched_getaffinity(2)).
 * @throws {SystemCallError}
 * @internal
 */
export function threadCpus(): number[] {
  const mask = new Uint8Array(MASK_BYTES);
  syscall("sched_getaffinity", SYSCALL.sched_getaffinity, THIS_THREAD, MASK_BYTES, mask);
  const cpus: number[] = [];
  for (const [at, byte] of mask.entries()) {
    for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) cpus.push(at * 8 + bit);
  }
  return cpus;
}

/**
 * Binds the calling thread to CPUs (sched_setaffinity(2));
 * the kernel leaves out those that are offline.
 * @throws {SystemCallError} EINVAL when none is left.
 * @internal
 */
export function bindThread(cpus: Iterable<number>): void {
  syscall("sched_setaffinity", SYSCALL.sched_setaffinity, THIS_THREAD, MASK_BYTES, maskOf(cpus));
}

/**
 * Keeps the calling thread on some of the CPUs it may run on, until disposed of on the same thread:
 * `using near = new CpuStay(cpus)`. Where none of them is allowed the thread stays as it is.
 */
export class CpuStay {
  /** The CPUs it was bound to; empty when it was left as it was. */
  readonly cpus: readonly number[];
  readonly #before: readonly number[];

  /** @throws {SystemCallError} */
  constructor(wanted: readonly number[]) {
    this.#before = threadCpus();
    this.cpus = this.#before.filter((cpu) => wanted.includes(cpu));
    if (this.cpus.length > 0) bindThread(this.cpus);
  }

  /** Lets the thread run where it could before. @throws {SystemCallError} */
  [Symbol.dispose](): void {
    if (this.cpus.length > 0) bindThread(this.#before);
  }
}
