/** One thing to be shown in a test VM. */
export interface Scenario {
  /** Lower case words joined by `_`; unique. */
  readonly name: string;
  /** What is longer than this is killed and counts as failed. */
  readonly deadlineSeconds: number;
  /** Runs inside the VM, in a process of its own. A scenario fails by throwing. */
  run(): Promise<void>;
}

/** Scenarios that share a machine, one after the other. */
export interface Boot {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
}
