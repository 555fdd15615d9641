import type { ServerStatus, SwapAreaStatus } from "../status/server_status.ts";
import { gauge, type Metric, ratio, type Sample } from "./family.ts";

type Swap = ServerStatus["swap"];

/** What is said of the swap space of the machine. */
export const SWAP_METRICS: readonly Metric<Swap>[] = [
  gauge("etmem_swap_total_bytes", "SwapTotal of the machine.", (swap) => swap.total_bytes),
  gauge("etmem_swap_free_bytes", "SwapFree of the machine.", (swap) => swap.free_bytes),
  gauge(
    "etmem_swap_by_kernel_enabled",
    "1 if the kernel swaps by itself too; only where it has a switch for that.",
    (swap) => swap.kernel_swap_enable,
  ),
  gauge(
    "etmem_swap_store_bytes",
    "DRAM that zram devices in use as swap take, and zswap.",
    (swap) => swap.store_bytes,
  ),
  gauge(
    "etmem_swap_area_info",
    "Kind and priority of a swap area, as labels; always 1.",
    (swap) =>
      ofAreas(swap, ({ kind, priority }) => [
        { labels: { kind, priority: String(priority) }, value: 1 },
      ]),
  ),
  area("size_bytes", "Size of a swap area.", ({ total_bytes: bytes }) => bytes),
  area("used_bytes", "What of a swap area is in use.", ({ used_bytes: bytes }) => bytes),
  area(
    "stored_bytes",
    "What a zram device has stored, before compression.",
    ({ zram }) => zram?.stored_bytes,
  ),
  area("store_bytes", "DRAM that a zram device takes.", ({ zram }) => zram?.store_bytes),
  area(
    "store_limit_bytes",
    "The most DRAM that a zram device may take.",
    ({ zram }) => zram?.limit_bytes,
  ),
  gauge("etmem_zswap_enabled", "1 if zswap is switched on.", ({ zswap }) => zswap?.enabled),
  gauge(
    "etmem_zswap_limit_ratio",
    "The most that zswap may take, as a share of the machine's DRAM.",
    ({ zswap }) =>
      zswap?.max_pool_percent === undefined ? undefined : ratio(zswap.max_pool_percent),
  ),
  gauge(
    "etmem_zswap_stored_bytes",
    "What zswap holds, before compression.",
    ({ zswap }) => zswap?.stored_bytes,
  ),
  gauge("etmem_zswap_store_bytes", "DRAM that zswap takes.", ({ zswap }) => zswap?.store_bytes),
];

function area(
  what: string,
  help: string,
  value: (area: SwapAreaStatus) => number | undefined,
): Metric<Swap> {
  return {
    name: `etmem_swap_area_${what}`,
    type: "gauge",
    help,
    values: (swap) =>
      ofAreas(swap, (one) => {
        const known = value(one);
        return known === undefined ? [] : [{ labels: {}, value: known }];
      }),
  };
}

function ofAreas(
  { areas = [] }: Swap,
  samples: (area: SwapAreaStatus) => readonly Sample[],
): Sample[] {
  return areas.flatMap((one) =>
    samples(one).map(({ labels, value }) => ({ labels: { path: one.path, ...labels }, value }))
  );
}
