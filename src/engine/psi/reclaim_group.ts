import { errorCode } from "../../../ffi/errno.ts";
import {
  AT_FDCWD,
  close,
  O_WRONLY,
  openAt,
  PAGE_SIZE,
  threadCpuUs,
  write,
} from "../../../ffi/libc.ts";
import type { CgroupHierarchy } from "../../procfs/cgroup_tree.ts";
import { isGroupGone } from "../../procfs/cgroup_tree.ts";
import {
  foldersOfGroup,
  groupId,
  readGroupMemory,
  readGroupUsage,
} from "../../procfs/group_memory.ts";
import { unprotectedMemory } from "../../procfs/protected_memory.ts";
import type { GroupCounters } from "./group_control.ts";
import { StopFlag } from "../round/stop_flag.ts";

/** What is to be reclaimed of a group. */
export interface ReclaimRequest {
  readonly hierarchy: CgroupHierarchy;
  readonly path: string;
  /** FoundGroup.id */
  readonly id: number;
  readonly bytes: number;
  /** The group is not to have less. */
  readonly limitBytes: number;
  /** The words of the task's StopFlag. */
  readonly stop: Int32Array;
}

/** What came of it. */
export interface ReclaimReply {
  readonly askedBytes: number;
  /** At most what was asked for. */
  readonly reclaimedBytes: number;
  /** As they are now; undefined when the group is gone. */
  readonly counters: GroupCounters | undefined;
  /** Wall and CPU time, in microseconds. */
  readonly us: number;
  readonly cpuUs: number;
}

const MIB = 2 ** 20;
/** A call is about no more: a stop waits for it. */
const LARGEST_CHUNK = 32 * MIB;
const FIRST_CHUNK = 4 * MIB;
const SMALLEST_CHUNK = MIB;
/** A call shall take about this long. */
const CHUNK_MS = 100;

/** How a group is reclaimed. */
interface Reclaimer {
  /** What may go now, in bytes. */
  readonly room: () => number;
  /** Has the kernel reclaim so much. @returns false when it did not find as much. */
  readonly reclaim: (bytes: number) => boolean;
  readonly isStopped: () => boolean;
}

/** Reclaims chunk by chunk. @returns the bytes asked for. @internal */
export function reclaimInChunks(
  bytes: number,
  { room, reclaim, isStopped }: Reclaimer,
  now: () => number = () => performance.now(),
): number {
  let asked = 0;
  let chunk = FIRST_CHUNK;
  while (asked < bytes && !isStopped()) {
    const most = Math.min(bytes - asked, chunk, room());
    const next = Math.floor(most / PAGE_SIZE) * PAGE_SIZE;
    if (next <= 0) break;
    const begun = now();
    const isFound = reclaim(next);
    asked += next;
    if (!isFound) break;
    const ms = now() - begun;
    if (ms > 2 * CHUNK_MS) chunk = Math.max(SMALLEST_CHUNK, chunk / 2);
    else if (ms < CHUNK_MS / 2 && next === chunk) chunk = Math.min(LARGEST_CHUNK, 2 * chunk);
  }
  return asked;
}

/**
 * Has the kernel reclaim memory of a group, in a thread: a write to memory.reclaim
 * (Documentation/admin-guide/cgroup-v2.rst) returns when that is done.
 * @throws {SystemCallError} when it cannot be written.
 */
export function reclaimGroup(request: ReclaimRequest): ReclaimReply {
  const { hierarchy, path, limitBytes } = request;
  const begun = performance.now();
  const begunCpuUs = threadCpuUs();
  const stop = new StopFlag(request.stop);
  const folders = foldersOfGroup(hierarchy, path);
  const before = readGroupMemory(hierarchy, path);
  const isSame = groupId(hierarchy, path) === request.id;
  const askedBytes = before === undefined || !isSame ? 0 : reclaimInChunks(request.bytes, {
    isStopped: () => stop.isRaised,
    room: () => {
      const above = (readGroupUsage(hierarchy, path) ?? 0) - limitBytes;
      // The kernel may take more than it is asked for, so what is protected is neared by halves.
      return Math.min(above, (unprotectedMemory(folders)?.bytes ?? Infinity) / 2);
    },
    reclaim: (bytes) => writeReclaim(`${hierarchy.folder}/${path}/memory.reclaim`, bytes),
  });
  const after = readGroupMemory(hierarchy, path);
  const gone = before === undefined || after === undefined
    ? 0
    : after.reclaimedPages === undefined || before.reclaimedPages === undefined
    ? before.usageBytes - after.usageBytes
    : (after.reclaimedPages - before.reclaimedPages) * PAGE_SIZE;
  return {
    askedBytes,
    reclaimedBytes: Math.min(askedBytes, Math.max(0, gone)),
    counters: after,
    us: (performance.now() - begun) * 1000,
    cpuUs: threadCpuUs() - begunCpuUs,
  };
}

/**
 * @returns false when the kernel reclaimed less (EAGAIN), was interrupted, or the group is gone.
 * @throws {SystemCallError}
 */
function writeReclaim(path: string, bytes: number): boolean {
  let fd = -1;
  try {
    fd = openAt(AT_FDCWD, path, O_WRONLY);
    const text = new TextEncoder().encode(String(bytes));
    write(fd, text, text.length, path);
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (isGroupGone(error) || code === "EAGAIN" || code === "EINTR") return false;
    throw error;
  } finally {
    if (fd >= 0) close(fd);
  }
}
