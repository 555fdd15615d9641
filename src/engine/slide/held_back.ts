import type { SlideTaskDescription } from "../../config/engines/slide.ts";
import type { ProjectDescription } from "../../config/project.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import { because, type Reason } from "../../reason/reasons.ts";

/** Why nothing of the system's memory shall be swapped now. */
export function heldBack(
  { sysmemThresholdPercent: percent }: ProjectDescription,
  { coldThreshold }: SlideTaskDescription,
): Reason | undefined {
  if (coldThreshold === 0) return because("nothing_is_cold");
  if (percent === undefined) return undefined;
  const { availableBytes, totalBytes } = readMemInfo();
  return availableBytes * 100 < totalBytes * percent ? undefined : because("memory_suffices");
}
