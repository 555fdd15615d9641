import { processCpuNs } from "../../../ffi/libc.ts";
import type { SweptProcesses } from "../../procfs/find_processes.ts";

/** After so long /proc is read again: what others do to the memory shows there. */
const TRUSTED_MS = 30_000;

/** By pid, the CPU time that a process had had; undefined when that is not known. */
type Clocks = ReadonlyMap<number, bigint | undefined>;

/** Every process that a search was about, or came upon. */
function membersOf({ found, named, sharers }: SweptProcesses): number[] {
  return [...found.map(({ pid }) => pid), ...named.map(({ pid }) => pid), ...sharers];
}

/**
 * What a search for a process and its descendants came to, for as long as none of them runs: who
 * does not run starts no process, and does not end.
 */
export class StillFamily {
  #swept: SweptProcesses | undefined;
  #clocks: Clocks = new Map();
  #searchedMs = -Infinity;

  /** The last result, if a search would find the same; else a search. */
  async find(
    search: () => Promise<SweptProcesses | undefined>,
  ): Promise<SweptProcesses | undefined> {
    if (this.#isStill()) return this.#swept;
    // From before the search: who runs meanwhile may start a process behind its back.
    const before = new Map([...this.#clocks.keys()].map((pid) => [pid, processCpuNs(pid)]));
    const searchedMs = performance.now();
    const swept = await search();
    const members = swept === undefined ? [] : membersOf(swept);
    this.#swept = swept;
    this.#searchedMs = searchedMs;
    this.#clocks = new Map(members.map((pid) => [pid, before.get(pid)]));
    return swept;
  }

  #isStill(): boolean {
    const isTrusted = this.#swept?.unreadable.length === 0 && this.#clocks.size > 0 &&
      performance.now() - this.#searchedMs < TRUSTED_MS;
    if (!isTrusted) return false;
    for (const [pid, clock] of this.#clocks) {
      if (clock === undefined || processCpuNs(pid) !== clock) return false;
    }
    return true;
  }
}
