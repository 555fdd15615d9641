import { readFileSync } from "node:fs";
import { sizesOf } from "../process_cost.ts";
import { NotThere, type Peer, type Surroundings } from "./peer.ts";
import { type TargetSettings, WorkloadTarget } from "./workload_target.ts";
import type { Window } from "./window.ts";

/** One run of a workload beside one peer. */
export interface Run {
  readonly workload: string;
  readonly peer: string;
  readonly windows: readonly Window[];
  /** At the end: of the workload in swap, and what the machine's zram devices grew by. */
  readonly swapBytes: number;
  readonly zramBytes: number;
  /** From the start to the end. */
  readonly peerCpuSeconds: number;
  /** Compared at the end, with nothing wrong; what requests touched was compared before. */
  readonly comparedPages: number;
  readonly note: string;
}

/** A run that a peer did not allow. */
export interface NoRun {
  readonly workload: string;
  readonly peer: string;
  readonly notThere: string;
}

/**
 * DRAM that the zram devices take which are swap space: mem_used_total of mm_stat
 * (Documentation/admin-guide/blockdev/zram.rst). Other processes of the machine have a part in it.
 */
function zramBytes(): number {
  const devices = readFileSync("/proc/swaps", "latin1").matchAll(/^\/dev\/(zram\d+)\s/gm);
  return [...devices].reduce((sum, [, device]) => {
    const stat = readFileSync(`/sys/block/${device}/mm_stat`, "latin1").trim().split(/ +/);
    return sum + Number(stat[2]);
  }, 0);
}

async function serveBeside(
  peer: Peer,
  target: WorkloadTarget,
  surroundings: Surroundings,
): Promise<Omit<Run, "workload" | "peer" | "comparedPages">> {
  const zramBefore = zramBytes();
  await using attached = await peer.attach(surroundings);
  const cpuBefore = attached.cpuSeconds();
  target.go();
  attached.begin();
  const windows = await target.windows();
  return {
    windows,
    swapBytes: target.pids.reduce((sum, pid) => sum + sizesOf(pid, ["VmSwap"]).VmSwap, 0),
    zramBytes: zramBytes() - zramBefore,
    peerCpuSeconds: attached.cpuSeconds() - cpuBefore,
    note: await attached.note?.() ?? "",
  };
}

/** Runs a workload beside a peer. @throws {Error} when something in its memory is wrong. */
export async function runBeside(
  peer: Peer,
  settings: TargetSettings,
  surroundings: Omit<Surroundings, "pids" | "comm">,
): Promise<Run | NoRun> {
  const names = { workload: settings.workload.name, peer: peer.name };
  try {
    if (peer.vmOnly === true && surroundings.vm === undefined) {
      throw new NotThere("it is for the test VM only");
    }
    using _prepared = peer.prepare?.();
    using target = await WorkloadTarget.start(settings);
    const { pids, comm } = target;
    const seen = await serveBeside(peer, target, { ...surroundings, pids, comm });
    return { ...names, ...seen, comparedPages: await target.compare() };
  } catch (error) {
    if (!(error instanceof NotThere)) throw error;
    return { ...names, notThere: error.message };
  }
}
