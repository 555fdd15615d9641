import type {
  ServerStatus,
  SwapAreaStatus,
  ZramStatus,
  ZswapStatus,
} from "../status/server_status.ts";
import { formatBytes, formatShare } from "../text/quantities.ts";
import { field } from "./layout.ts";

/** With less in a store, what it takes for itself says nothing of how well it compresses. */
const LEAST_TELLING_BYTES = 1024 * 1024;

/** Lines of the status table about the swap space: its areas in the order of their use, zswap. */
export function formatSwap(swap: ServerStatus["swap"]): string[] {
  const { total_bytes, free_bytes, kernel_swap_enable, store_bytes = 0, areas = [], zswap } = swap;
  return [
    field("  ", "swap", [
      ...(total_bytes === 0 ? ["no swap space"] : [
        formatBytes(total_bytes),
        `${formatBytes(free_bytes)} free (${formatShare(free_bytes, total_bytes)})`,
      ]),
      ...(kernel_swap_enable === undefined
        ? []
        : [`the kernel's own swapping is ${kernel_swap_enable ? "on" : "off"}`]),
      ...(store_bytes === 0 ? [] : [`zram and zswap take ${formatBytes(store_bytes)} of DRAM`]),
    ]),
    ...areas.map((area) => field("  ", "", formatArea(area))),
    ...(zswap === undefined ? [] : [field("  ", "", formatZswap(zswap))]),
  ];
}

function formatArea(area: SwapAreaStatus): string[] {
  const { path, kind, priority, total_bytes, used_bytes, zram } = area;
  const algorithm = zram?.algorithm;
  return [
    `${path}: ${kind}${algorithm === undefined ? "" : ` (${algorithm})`}`,
    `priority ${priority}`,
    `${formatBytes(used_bytes)} of ${formatBytes(total_bytes)} used`,
    ...(zram === undefined ? [] : formatZram(zram)),
  ];
}

function formatZram({ backing_device, limit_bytes, ...sizes }: ZramStatus): string[] {
  return [
    formatStore(sizes),
    ...(limit_bytes === undefined ? [] : [`limit ${formatBytes(limit_bytes)}`]),
    ...(backing_device === undefined ? [] : [`backed by ${backing_device}`]),
  ];
}

function formatZswap({ enabled, compressor, max_pool_percent, ...sizes }: ZswapStatus): string[] {
  return [
    `zswap${compressor === undefined ? "" : ` (${compressor})`}${enabled ? "" : " switched off"}`,
    formatStore(sizes),
    ...(max_pool_percent === undefined ? [] : [`at most ${max_pool_percent} % of memory`]),
  ];
}

/** How much DRAM compressed copies take. */
function formatStore(
  { stored_bytes, store_bytes }: Pick<ZramStatus, "stored_bytes" | "store_bytes">,
): string {
  if (stored_bytes === 0) return "nothing in it";
  const sizes = `${formatBytes(stored_bytes)} take ${formatBytes(store_bytes)} of DRAM`;
  return stored_bytes < LEAST_TELLING_BYTES
    ? sizes
    : `${sizes} (${formatShare(store_bytes, stored_bytes)})`;
}
