import { TRACKERS } from "../../src/tracker/trackers.ts";
import { damonPeer } from "./damon_peer.ts";
import { etmemdPeer } from "./etmemd_peer.ts";
import type { Peer } from "./peer.ts";
import { reclaimPeer } from "./reclaim_peer.ts";

/** Nobody takes memory: what all others are compared with. */
export const UNTOUCHED: Peer = {
  name: "nothing",
  about: "nothing",
  family: "nothing",
  attach: () =>
    Promise.resolve({
      begin: () => {},
      cpuSeconds: () => 0,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
};

const LIMITS = [0.03, 0.1, 0.3, 1] as const;
const DAMON_IDLE_SECONDS = [3, 10, 30] as const;
const DAMON_QUOTAS_MS = [3, 10, 30] as const;
const RECLAIM_PERMILLE = [2, 5, 10] as const;

const off = { stall_limit: "no" };

/** All of them, in the order of the table. */
export const PEERS: readonly Peer[] = [
  UNTOUCHED,
  // Without the key: what builds do that have no guard.
  etmemdPeer({ name: "plain", about: "etmemd, no key of the guard", family: "etmemd, plain" }),
  etmemdPeer({
    name: "before",
    about: "etmemd of another build",
    family: "etmemd, another build",
    isBefore: true,
  }),
  etmemdPeer({ name: "off", about: "etmemd, guard off", family: "etmemd, guard off", task: off }),
  ...TRACKERS.map(({ name }) =>
    etmemdPeer({
      name: `off-${name}`,
      about: `etmemd, guard off, ${name}`,
      family: `etmemd, guard off, ${name}`,
      project: { tracker: name },
      task: off,
    })
  ),
  etmemdPeer({
    name: "off-slow",
    about: "etmemd, guard off, loop=10 interval=3",
    family: "etmemd, guard off",
    project: { loop: 10, interval: 3 },
    task: off,
  }),
  etmemdPeer({
    name: "off-percent",
    about: "etmemd, guard off, dram_percent=70",
    family: "etmemd, guard off, dram_percent",
    task: { ...off, dram_percent: 70 },
  }),
  ...LIMITS.map((limit) =>
    etmemdPeer({
      name: `guard-${limit}`,
      about: `etmemd, stall_limit=${limit}`,
      family: "etmemd, guard on",
      task: { stall_limit: limit },
    })
  ),
  ...DAMON_IDLE_SECONDS.map((idleSeconds) =>
    damonPeer({
      name: `damon-${idleSeconds}s`,
      about: `DAMON pageout, idle ${idleSeconds} s`,
      family: "DAMON pageout",
      idleSeconds,
    })
  ),
  ...DAMON_QUOTAS_MS.map((quotaMs) =>
    damonPeer({
      name: `damon-${quotaMs}ms`,
      about: `DAMON pageout, idle 3 s, quota ${quotaMs} ms/s`,
      family: "DAMON pageout, quota",
      idleSeconds: 3,
      quotaMs,
    })
  ),
  ...[false, true].flatMap((generations) =>
    RECLAIM_PERMILLE.map((permille) =>
      reclaimPeer({
        name: `${generations ? "mglru" : "reclaim"}-${permille}`,
        about: `memory.reclaim by PSI, ${permille / 10} %/s${generations ? ", MGLRU" : ""}`,
        family: `memory.reclaim by PSI${generations ? ", MGLRU" : ""}`,
        share: permille / 1000,
        generations,
      })
    )
  ),
];
