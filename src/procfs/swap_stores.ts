import { readSwaps, zramName } from "./swaps.ts";
import { readZram } from "./zram.ts";
import { readZswapSizes } from "./zswap.ts";

/** What a store of compressed copies holds, in bytes. */
export interface StoreSizes {
  /** Of what it holds, before compression. */
  readonly storedBytes: number;
  /** DRAM that it takes. */
  readonly storeBytes: number;
}

/** The stores by name: `zswap`, and the zram devices that are swap space. */
export type SwapStores = ReadonlyMap<string, StoreSizes>;

/**
 * @param proc where procfs is mounted. @param sys where sysfs is.
 * @throws {ProcfsError | SystemCallError}
 */
export function readSwapStores(proc = "/proc", sys = "/sys"): SwapStores {
  const stores = new Map<string, StoreSizes>([["zswap", readZswapSizes(proc, sys)]]);
  for (const area of readSwaps(proc)) {
    const name = zramName(area);
    const zram = name === undefined ? undefined : readZram(name, sys);
    if (name !== undefined && zram !== undefined) stores.set(name, zram);
  }
  return stores;
}

/** What stores grew by. One that has gone meanwhile did not grow, and one that came was empty. */
export function growthOf(before: SwapStores, after: SwapStores): StoreSizes {
  let storedBytes = 0;
  let storeBytes = 0;
  for (const [name, now] of after) {
    const then = before.get(name) ?? { storedBytes: 0, storeBytes: 0 };
    storedBytes += now.storedBytes - then.storedBytes;
    storeBytes += now.storeBytes - then.storeBytes;
  }
  return { storedBytes, storeBytes };
}
