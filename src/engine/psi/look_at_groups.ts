import { existsSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { monotonicMs } from "../../../ffi/libc.ts";
import {
  cgroupHierarchies,
  type CgroupHierarchy,
  matchingGroups,
} from "../../procfs/cgroup_tree.ts";
import { ownGroup } from "../../procfs/own_group.ts";
import { groupId, readGroupMemory, readGroupUsage } from "../../procfs/group_memory.ts";
import { type PressureAverages, readPressure } from "../../procfs/group_pressure.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import { protectedBelow } from "../../procfs/protected_memory.ts";
import { because, type Reason } from "../../reason/reasons.ts";
import type { GroupSample } from "./group_control.ts";

/** Which groups are looked at. */
export interface GroupsRequest {
  /** A pattern of matchingGroups(). */
  readonly pattern: string;
  /** Where control groups are mounted. */
  readonly root: string;
}

/** A group that can be worked on. */
export interface FoundGroup {
  readonly path: string;
  /** The same path may be another group later. */
  readonly id: number;
  readonly sample: GroupSample;
  readonly swappedBytes: number;
}

/** What looking at groups came to. */
export interface GroupsReply {
  readonly hierarchy?: CgroupHierarchy;
  readonly groups: readonly FoundGroup[];
  /** Groups that match and cannot be worked on, and why. */
  readonly left: readonly { readonly path: string; readonly reason: Reason }[];
  /** Why there is none at all. */
  readonly none?: Reason;
  /** Whether that is since the kernel or the host lacks something. */
  readonly isLacking: boolean;
}

/** This share of the swap space stays for others. */
const SWAP_KEPT = 0.2;

/** Folders beside `memory` in which version 1 keeps pressure, where a kernel does (openEuler). */
const V1_PRESSURE = ["cpuacct", "cpu,cpuacct"];

/**
 * Looks at all groups that match, in a thread.
 * @param procRoot where procfs is mounted; it says which group the server's own is.
 * @throws {ProcfsError | SystemCallError} when a file cannot be read.
 */
export function lookAtGroups(
  { pattern, root }: GroupsRequest,
  procRoot = "/proc",
): GroupsReply {
  // What is reclaimed is memory: the other hierarchy is of no use where version 1 has it.
  const [hierarchy] = cgroupHierarchies(root);
  if (hierarchy === undefined) {
    return { groups: [], left: [], none: because("no_cgroups"), isLacking: true };
  }
  const paths = matchingGroups(pattern, [hierarchy])?.paths;
  if (paths === undefined) {
    const lack = whyUnableAtAll(hierarchy);
    const none = lack ?? because("no_such_cgroup", pattern);
    return { hierarchy, groups: [], left: [], none, isLacking: lack !== undefined };
  }
  const groups: FoundGroup[] = [];
  const left: { path: string; reason: Reason }[] = [];
  const swapRoomBytes = readSwapSpace();
  const own = ownGroup(hierarchy, procRoot);
  for (const path of paths) {
    const found = own !== undefined && isWithin(own, path)
      ? because("server_process")
      : lookAt(hierarchy, path, swapRoomBytes);
    if (typeof found === "object") groups.push(found);
    else if (found !== undefined) left.push({ path, reason: found });
  }
  return { hierarchy, groups, left, isLacking: false };
}

/** Whether a group is another one or lies below it; "" is the group at the top. */
function isWithin(path: string, other: string): boolean {
  return other === "" || `${path}/`.startsWith(`${other}/`);
}

/** @returns why it cannot be worked on; undefined when it is gone. */
function lookAt(
  hierarchy: CgroupHierarchy,
  path: string,
  swapBytes: number,
): FoundGroup | Reason | undefined {
  const unable = whyUnable(hierarchy, path);
  if (unable !== undefined) return groupId(hierarchy, path) === undefined ? undefined : unable;
  const id = groupId(hierarchy, path);
  const memory = readGroupMemory(hierarchy, path);
  const memoryPressure = pressureOf(hierarchy, path, "memory");
  const ioPressure = pressureOf(hierarchy, path, "io");
  if (
    id === undefined || memory === undefined || memoryPressure === undefined ||
    ioPressure === undefined
  ) return undefined;
  const { swappedBytes, anonRefaults, fileRefaults, majorFaults, ...sizes } = memory;
  const sample = {
    ...sizes,
    protectedBelowBytes: protectedBelow(`${hierarchy.folder}/${path}`),
    swapRoomBytes: Math.min(sizes.swapRoomBytes, swapBytes),
    memoryPressure,
    ioPressure,
    counters: { anonRefaults, fileRefaults, majorFaults },
    takenMs: monotonicMs(),
  };
  return { path, id, sample, swappedBytes };
}

/** Swap space that may be used, but for what others need. */
function readSwapSpace(): number {
  const { swapFreeBytes, swapTotalBytes } = readMemInfo();
  return Math.max(0, swapFreeBytes - SWAP_KEPT * swapTotalBytes);
}

/** Why a group cannot be worked on. */
function whyUnable(hierarchy: CgroupHierarchy, path: string): Reason | undefined {
  if (readGroupUsage(hierarchy, path) === undefined) return because("no_memory_account");
  if (!existsSync(`${hierarchy.folder}/${path}/memory.reclaim`)) {
    return because("no_memory_reclaim");
  }
  if (["memory", "io"].some((what) => pressureOf(hierarchy, path, what) === undefined)) {
    return because("no_group_pressure", hierarchy.version === 1 ? ", and psi_v1=1" : "");
  }
  return undefined;
}

function pressureOf(
  { version, folder }: CgroupHierarchy,
  path: string,
  what: string,
): PressureAverages | undefined {
  if (version === 2) return readPressure(`${folder}/${path}/${what}.pressure`);
  for (const name of V1_PRESSURE) {
    const pressure = readPressure(`${dirname(folder)}/${name}/${path}/${what}.pressure`);
    if (pressure !== undefined) return pressure;
  }
  return undefined;
}

/**
 * Why none of the groups at the top can be worked on whose memory is accounted for.
 * @returns undefined when one can, or there is none.
 */
function whyUnableAtAll(hierarchy: CgroupHierarchy): Reason | undefined {
  const tops = readdirSync(hierarchy.folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .filter(({ name }) => readGroupUsage(hierarchy, name) !== undefined);
  const reasons = tops.map(({ name }) => whyUnable(hierarchy, name));
  return reasons.includes(undefined) ? undefined : reasons[0];
}
