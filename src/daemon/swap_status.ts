import { SystemCallError } from "../../ffi/errno.ts";
import { ProcfsError } from "../procfs/read_file.ts";
import { kindOfArea, readSwaps, type SwapArea, zramName } from "../procfs/swaps.ts";
import { readZram, type ZramDevice } from "../procfs/zram.ts";
import { readZswap } from "../procfs/zswap.ts";
import type {
  ServerStatus,
  SwapAreaStatus,
  ZramStatus,
  ZswapStatus,
} from "../status/server_status.ts";

/** What of the swap space is shown beside its size. */
type SwapDetails = Pick<ServerStatus["swap"], "store_bytes" | "areas" | "zswap">;

/**
 * The swap areas and what compressed copies take.
 * @returns nothing where that cannot be read: a status shows then what else there is.
 */
export function readSwapDetails(proc = "/proc", sys = "/sys"): SwapDetails {
  try {
    const areas = readSwaps(proc).map((area) => areaStatus(area, sys));
    const zswap = zswapStatus(proc, sys);
    const inZram = areas.reduce((sum, { zram }) => sum + (zram?.store_bytes ?? 0), 0);
    return {
      store_bytes: inZram + (zswap?.store_bytes ?? 0),
      areas,
      ...(zswap === undefined ? {} : { zswap }),
    };
  } catch (error) {
    if (error instanceof SystemCallError || error instanceof ProcfsError) return {};
    throw error;
  }
}

function areaStatus(area: SwapArea, sys: string): SwapAreaStatus {
  const { path, bytes, usedBytes, priority } = area;
  const name = zramName(area);
  const zram = name === undefined ? undefined : readZram(name, sys);
  return {
    path,
    kind: kindOfArea(area, sys),
    priority,
    total_bytes: bytes,
    used_bytes: usedBytes,
    ...(zram === undefined ? {} : { zram: zramStatus(zram) }),
  };
}

function zramStatus(zram: ZramDevice): ZramStatus {
  const { algorithm, backingDevice, storedBytes, storeBytes, limitBytes } = zram;
  return {
    ...(algorithm === undefined ? {} : { algorithm }),
    ...(backingDevice === undefined ? {} : { backing_device: backingDevice }),
    stored_bytes: storedBytes,
    store_bytes: storeBytes,
    ...(limitBytes === undefined ? {} : { limit_bytes: limitBytes }),
  };
}

/** @returns undefined when there is none at work. */
function zswapStatus(proc: string, sys: string): ZswapStatus | undefined {
  const zswap = readZswap(proc, sys);
  if (zswap === undefined || (!zswap.isEnabled && zswap.storedBytes === 0)) return undefined;
  const { isEnabled, compressor, maxPoolPercent, storedBytes, storeBytes } = zswap;
  return {
    enabled: isEnabled,
    ...(compressor === undefined ? {} : { compressor }),
    ...(maxPoolPercent === undefined ? {} : { max_pool_percent: maxPoolPercent }),
    stored_bytes: storedBytes,
    store_bytes: storeBytes,
  };
}
