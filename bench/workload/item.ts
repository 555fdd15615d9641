import type { Peer } from "./peer.ts";
import type { Settings } from "./settings.ts";
import type { Workload } from "./workload_table.ts";

/** A workload that is to be run beside a peer. */
export interface Item {
  readonly workload: Workload;
  readonly peer: Peer;
  /** From 0 on. */
  readonly pass: number;
}

/** All that is to be run, in its order: every other pass has the peers in the opposite order. */
export function itemsOf({ workloads, peers, passes }: Settings): Item[] {
  return workloads.flatMap((workload) =>
    Array.from({ length: passes }, (_, pass) => pass).flatMap((pass) =>
      (pass % 2 === 0 ? peers : peers.toReversed()).map((peer): Item => ({ workload, peer, pass }))
    )
  );
}
