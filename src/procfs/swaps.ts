import { AT_FDCWD } from "../../ffi/libc.ts";
import { ProcfsError, readText } from "./read_file.ts";

/** A swap device or file, a line of /proc/swaps (proc(5)). */
export interface SwapArea {
  /** As the kernel shows it: blanks are "\\040". */
  readonly path: string;
  readonly type: string;
  readonly bytes: number;
  readonly usedBytes: number;
  /** The kernel fills those with the greatest first. */
  readonly priority: number;
}

/** What a swap area is. */
export type SwapKind = "zram" | "zswap" | "disk" | "rotating disk" | "file";

/**
 * In front of a device's name. The path of a device is `/zram0` when the mount of /dev that it was
 * named by is gone, as when swapon(8) ran in a mount namespace that has ended.
 */
const DEVICE_FOLDER = /^\/(?:dev\/)?/;

const LINE = /^(\S+)\s+(\S+)\s+(\d+)\s+(\d+)\s+(-?\d+)$/;

/** @throws {ProcfsError} @internal */
export function parseSwaps(text: string): SwapArea[] {
  const lines = text.split("\n").slice(1).filter((line) => line !== "");
  return lines.map((line, i) => {
    const [, path, type, size, used, priority] = LINE.exec(line) ?? [];
    if (path === undefined || type === undefined) {
      throw new ProcfsError("swaps", i + 2, "path, type, size, used, priority", line);
    }
    return {
      path,
      type,
      bytes: Number(size) * 1024,
      usedBytes: Number(used) * 1024,
      priority: Number(priority),
    };
  });
}

/** All swap areas, in the order of their use. @throws {ProcfsError | SystemCallError} */
export function readSwaps(root = "/proc"): SwapArea[] {
  return parseSwaps(readText(AT_FDCWD, `${root}/swaps`) ?? "")
    .toSorted((a, b) => b.priority - a.priority);
}

/** What reads and writes in an area cost. @param root where sysfs is mounted. */
export function kindOfSwap(area: SwapArea, root = "/sys"): SwapKind {
  const kind = kindOfArea(area, root);
  if (kind === "zram") return kind;
  return isOn(`${root}/module/zswap/parameters/enabled`, "Y") ? "zswap" : kind;
}

/** What an area is, behind a zswap if there is one. @param root where sysfs is mounted. */
export function kindOfArea(area: SwapArea, root = "/sys"): Exclude<SwapKind, "zswap"> {
  if (zramName(area) !== undefined) return "zram";
  if (area.type !== "partition") return "file";
  // A partition has no queue of its own; its folder is in that of the disk.
  const device = `${root}/class/block/${area.path.replace(DEVICE_FOLDER, "")}`;
  const isRotating = isOn(`${device}/queue/rotational`, "1") ||
    isOn(`${device}/../queue/rotational`, "1");
  return isRotating ? "rotating disk" : "disk";
}

/** `zram0`, if an area is a zram device. */
export function zramName({ path, type }: SwapArea): string | undefined {
  const name = path.replace(DEVICE_FOLDER, "");
  return type === "partition" && /^zram\d+$/.test(name) ? name : undefined;
}

/** Whether a file of sysfs is there and has a value. */
function isOn(path: string, value: string): boolean {
  return readText(AT_FDCWD, path)?.trim() === value;
}
