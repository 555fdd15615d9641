import { AT_FDCWD, PAGE_SIZE } from "../../ffi/libc.ts";
import { ProcfsError, readText } from "./read_file.ts";

/** Most lines are about the lists of single CPUs. */
const ASKED_FOR = /^(?:Node| {2}pages free| {8}(?:low|high|managed|protection))/;
const ZONE = /^Node (\d+), zone +\S+/;
const PAGES = /^ +(pages free|low|high|managed) +(\S+)$/;
const PROTECTION = /^ +protection: \((.*)\)$/;

/** A zone while its lines are read, in pages. */
interface Zone {
  readonly node: number;
  readonly pages: Map<string, number>;
}

/** What can be moved to a node, in bytes. */
export interface MovableRoom {
  /** Free above the high watermarks; less than 0 where so much has to come free first. */
  readonly bytes: number;
  /** Free above the low watermarks, at which the kernel begins to reclaim. */
  readonly aboveLowBytes: number;
}

/** What the zones of a node come to, in pages. */
interface NodeSums {
  room: number;
  /** What is missing in zones that are used up. */
  deficit: number;
  aboveLow: number;
}

function parsePages(text: string | undefined, line: number, item: string, whole: string): number {
  if (text === undefined || !/^\d+$/.test(text)) {
    throw new ProcfsError("zoneinfo", line, item, whole.trim());
  }
  return Number(text);
}

/**
 * Adds a zone whose lines are read.
 * @param kept pages that it keeps from allocations for ZONE_MOVABLE.
 */
function addZone(sums: NodeSums, { pages }: Zone, kept: number): void {
  const [free = 0, low = 0, high = 0, managed = 0] = ["pages free", "low", "high", "managed"]
    .map((name) => pages.get(name));
  // A small zone, such as ZONE_DMA, may keep everything.
  if (managed <= low + kept) return;
  sums.aboveLow += Math.max(0, free - low - kept);
  const floor = Math.max(low + kept, Math.min(free, high + kept));
  if (free > floor) sums.room += free - floor;
  else sums.deficit += floor - free;
}

/**
 * Parses from /proc/zoneinfo (proc_zoneinfo(5)) how much can be moved to each node before the
 * kernel begins to reclaim there. Of each zone that is what is free above its high watermark and
 * above what it keeps from allocations that a higher zone could serve: the last number of
 * `protection`, since pages that are moved are allocated for ZONE_MOVABLE (zone_watermark_ok in
 * mm/page_alloc.c). Between the low and the high watermark a zone is as full as it should be; what
 * comes free there can be used again.
 * @returns by node id. @throws {ProcfsError}
 * @internal
 */
export function parseMovableRoom(text: string): Map<number, MovableRoom> {
  const sumsByNode = new Map<number, NodeSums>();
  let zone: Zone | undefined;
  for (const [i, line] of text.split("\n").entries()) {
    if (!ASKED_FOR.test(line)) continue;
    const node = ZONE.exec(line)?.[1];
    if (node !== undefined) {
      zone = { node: Number(node), pages: new Map() };
      sumsByNode.set(zone.node, sumsByNode.get(zone.node) ?? { room: 0, deficit: 0, aboveLow: 0 });
      continue;
    }
    if (zone === undefined) throw new ProcfsError("zoneinfo", i + 1, "zone", line.trim());
    const [, item, pages] = PAGES.exec(line) ?? [];
    if (item !== undefined) zone.pages.set(item, parsePages(pages, i + 1, item, line));
    const protection = PROTECTION.exec(line)?.[1];
    if (protection === undefined) continue;
    const kept = parsePages(protection.split(", ").at(-1), i + 1, "protection", line);
    addZone(sumsByNode.get(zone.node)!, zone, kept);
  }
  return new Map(
    Array.from(sumsByNode, ([node, { room, deficit, aboveLow }]) => {
      const bytes = (room > 0 ? room : 0 - deficit) * PAGE_SIZE;
      return [node, { bytes, aboveLowBytes: aboveLow * PAGE_SIZE }];
    }),
  );
}

/** @param root where procfs is mounted. @throws {ProcfsError | SystemCallError} */
export function readMovableRoom(root = "/proc"): Map<number, MovableRoom> {
  return parseMovableRoom(readText(AT_FDCWD, `${root}/zoneinfo`) ?? "");
}
