import { AT_FDCWD, PAGE_SIZE } from "../../ffi/libc.ts";
import { ProcfsError } from "./procfs_error.ts";
import { readText } from "./read_file.ts";

const ZONE = /^Node (\d+), zone +\S+/;
const HIGH = /^ +high +(\S+)$/;

/**
 * Parses the high watermarks of /proc/zoneinfo (proc_zoneinfo(5)): below the sum of its zones' a node is
 * reclaimed from in the background, and an allocation that may go nowhere else, as that of move_pages(2),
 * fails or reclaims before the node is empty.
 * @returns bytes by node id. @throws {ProcfsError}
 */
export function parseHighWatermarks(text: string): Map<number, number> {
  const bytesByNode = new Map<number, number>();
  let node: number | undefined;
  for (const [i, line] of text.split("\n").entries()) {
    const zone = ZONE.exec(line)?.[1];
    if (zone !== undefined) node = Number(zone);
    const high = HIGH.exec(line)?.[1];
    if (high === undefined) continue;
    if (node === undefined || !/^\d+$/.test(high)) {
      throw new ProcfsError("zoneinfo", i + 1, "high", line.trim());
    }
    bytesByNode.set(node, (bytesByNode.get(node) ?? 0) + Number(high) * PAGE_SIZE);
  }
  return bytesByNode;
}

/** @param root where procfs is mounted. @throws {ProcfsError | SystemCallError} */
export function readHighWatermarks(root = "/proc"): Map<number, number> {
  return parseHighWatermarks(readText(AT_FDCWD, `${root}/zoneinfo`) ?? "");
}
