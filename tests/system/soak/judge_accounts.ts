/** What a task says of one process, and what the kernel says of it, once nothing moves any more. */
export interface ProcessAccount {
  readonly pid: number;
  /** Sums over all runs of all its tasks. */
  readonly movedBytes: number;
  readonly cameBackBytes: number;
  /** VmSwap. */
  readonly swapBytes: number;
  /** Page faults since before the first round, minor and major. */
  readonly faults: number;
  /** In each the guard may read a page, to learn how long that takes. */
  readonly rounds: number;
}

/** Pages that the kernel reads with one, by default: 2 to the power of vm.page-cluster. */
const READ_AHEAD = 8;

/**
 * What is wrong with an account: what moved and is not known to have come back is in swap, or came
 * back by a fault that the task has not seen yet, or was read by the guard.
 */
export function processFaults(account: ProcessAccount, pageBytes: number): string[] {
  const { pid, movedBytes, cameBackBytes, swapBytes, faults, rounds } = account;
  const found: string[] = [];
  const faultedBytes = (faults + rounds * READ_AHEAD) * pageBytes;
  if (swapBytes > movedBytes - cameBackBytes) {
    found.push(`${swapBytes} bytes are in swap, of ${movedBytes} moved ${cameBackBytes} came back`);
  }
  if (movedBytes - swapBytes > faultedBytes) {
    found.push(
      `${movedBytes} bytes moved, ${swapBytes} are in swap, only ${faultedBytes} can have come back`,
    );
  }
  if (cameBackBytes > faultedBytes) {
    found.push(`${cameBackBytes} bytes came back by faults of ${faultedBytes}`);
  }
  return found.map((fault) => `process ${pid}: ${fault}`);
}

/** Sums over all tasks, and the kernel's counters over the same time, in bytes. */
export interface MachineAccount {
  readonly askedBytes: number;
  readonly movedBytes: number;
  readonly cameBackBytes: number;
  /** What tasks whose last numbers were not seen may have asked for besides. */
  readonly unseenBytes: number;
  /** pswpout and swpout_zero, pswpin and swpin_zero of /proc/vmstat. */
  readonly swappedOutBytes: number;
  readonly swappedInBytes: number;
  /** Nobody else on this machine swapped. */
  readonly isAlone: boolean;
}

/**
 * What is wrong with the account of the whole machine. It holds for swap on zram, where a page that
 * moves is written each time, and one that comes back is read each time: there is no copy in the
 * swap cache.
 */
export function machineFaults(account: MachineAccount): string[] {
  const { askedBytes, movedBytes, cameBackBytes, unseenBytes, isAlone } = account;
  const { swappedOutBytes, swappedInBytes } = account;
  const faults: string[] = [];
  if (movedBytes > swappedOutBytes) {
    faults.push(`${movedBytes} bytes moved, the kernel swapped ${swappedOutBytes} out`);
  }
  if (cameBackBytes > swappedInBytes) {
    faults.push(`${cameBackBytes} bytes came back, the kernel swapped ${swappedInBytes} in`);
  }
  if (isAlone && swappedOutBytes > askedBytes + unseenBytes) {
    faults.push(
      `the kernel swapped ${swappedOutBytes} bytes out, ${askedBytes} were asked and ${unseenBytes} unseen`,
    );
  }
  return faults;
}
