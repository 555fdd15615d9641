/** One thing to be shown in a test VM. */
export interface Scenario {
  /** Lower case words joined by `_`; unique. */
  readonly name: string;
  /** What is longer than this is killed and counts as failed. */
  readonly deadlineSeconds: number;
  /** Runs inside the VM, in a process of its own. A scenario fails by throwing. */
  run(): Promise<void>;
}

/** What a machine boots: `bzImage` beside this file, or a stock kernel of scripts/vm_kernel.sh. */
export type Kernel = "etmem" | "debian-5.10" | "debian-6.1" | "debian-6.12";

/** Scenarios that share a machine, one after the other. */
export interface Boot {
  readonly name: string;
  /** "etmem" if left out. Where a stock kernel cannot be had, the scenarios are skipped. */
  readonly kernel?: Kernel;
  /** More words of the kernel's command line. */
  readonly commandLine?: string;
  /** Whether page tables have five levels instead of four. */
  readonly fiveLevels?: boolean;
  readonly scenarios: readonly Scenario[];
}
