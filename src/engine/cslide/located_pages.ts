import type { BoundRange } from "../../procfs/numa_maps.ts";

/** Kinds of units, as `LocatedPages.kind` has them. */
export const UNIT = { base: 0, thp: 1, hugetlb: 2 } as const;

/** A unit that is on no node: not present any more, or the kernel does not say. */
export const NO_NODE = 0xffff;

/** The units of a process that others may have too, in columns. */
export interface SharedFrames {
  /** Index of the unit, ascending. */
  readonly unit: Uint32Array<ArrayBuffer>;
  /** Frame number of its first base page. */
  readonly frame: Float64Array<ArrayBuffer>;
}

/** The units of a process, in columns: where they are and how often they were used in the round. */
export interface LocatedPages {
  /** Page number of the unit's first base page. */
  readonly page: Float64Array<ArrayBuffer>;
  readonly kind: Uint8Array<ArrayBuffer>;
  readonly heat: Uint8Array<ArrayBuffer>;
  readonly node: Uint16Array<ArrayBuffer>;
  /** True: there are more units than a plan holds, and none is listed. */
  readonly isTooLarge?: boolean;
  /** Absent where there are none, and where the server may not see frames. */
  readonly shared?: SharedFrames | undefined;
  /** Nodes that the process's cpuset allows; absent where the kernel has no cpusets. */
  readonly allowedNodes?: readonly number[] | undefined;
  /** What memory policies keep on some nodes, ascending; absent where there is none. */
  readonly bound?: readonly BoundRange[] | undefined;
}
