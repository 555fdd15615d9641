/** What takes memory from a workload, at one setting: a row of the table. */
export interface Peer {
  /** As it is chosen on the command line. */
  readonly name: string;
  /** The row's title. */
  readonly about: string;
  /** The settings of one family are points of one curve: what it saves at how many faults. */
  readonly family: string;
  /** Only in the test VM, whose kernel is nobody else's. */
  readonly vmOnly?: true;
  /**
   * Has the kernel treat the memory that is filled next as this peer needs it; undone in the end.
   * @throws {NotThere}
   */
  prepare?(): Disposable;
  /** Makes everything ready, without touching the workload. @throws {NotThere} */
  attach(surroundings: Surroundings): Promise<Attached>;
}

/** What a peer works on, and with. */
export interface Surroundings {
  readonly pids: readonly number[];
  /** The name that all of these have, and no other process has. */
  readonly comm: string;
  /** For files. */
  readonly folder: string;
  /** Where `etmem` and `etmemd` are. */
  readonly bin: string;
  /** The same of another build, to compare with. */
  readonly before?: string | undefined;
  /** In the test VM. */
  readonly vm?: VmSurroundings;
}

/** What only the test VM has. */
export interface VmSurroundings {
  /** The folder of the control group in which the workload was started. */
  readonly cgroup: string;
  /** What reclaim.c was compiled to. */
  readonly reclaim: string;
}

/** A peer that is ready. */
export interface Attached extends AsyncDisposable {
  /** Has it begin. @throws {NotThere} */
  begin(): void;
  /** CPU time of the peer so far. */
  cpuSeconds(): number;
  /** What a reader of the row wants to know besides. */
  note?(): Promise<string>;
}

/** This machine, or this build, lacks what a peer needs: its row says so. */
export class NotThere extends Error {
  override readonly name = "NotThere";
}
