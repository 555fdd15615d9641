import { PAGE_SIZE } from "../../../ffi/libc.ts";
import {
  AddressSpaceGone,
  bringBack,
  type BringBackAccount,
  countInSwap,
  type SwappedProcess,
} from "../../mover/bring_back.ts";
import { MovedSet } from "../../mover/moved_set.ts";
import { HeldAddressSpace } from "../../procfs/held_address_space.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import { readMemoryRoom } from "../../procfs/memory_room.ts";
import { Pagemap } from "../../procfs/pagemap.ts";
import { isGone } from "../../procfs/read_file.ts";
import type { RestoreLimits } from "../engine.ts";
import { closeProcess, Gone, OpenedProcess } from "./opened_process.ts";
import type { OutProcess } from "./out_memory.ts";
import { StopFlag } from "./stop_flag.ts";

/** A step takes about so long. */
const STEP_MS = 200;
/** What the kernel reads ahead with a page may be so many pages. */
const READ_AHEAD = 8;
/** The least that is asked for at once; with less room nothing is. */
const LEAST_PAGES = 16;
/** The most: 4 MiB of 4K pages, some milliseconds. */
const MOST_PAGES = 1024;
/** MemAvailable may lag behind by so much: each CPU counts for itself for a while. */
const MARGIN_BYTES = 16 * 2 ** 20;

const STOPPED = "stopped";
const STEP_IS_OVER = "step is over";

/** Brings a part of what is out of a process back. */
export interface RestoreRequest {
  readonly process: OutProcess;
  /** Page number from which on. */
  readonly from: number;
  readonly limits: RestoreLimits;
  /** The words of a StopFlag. */
  readonly stop: Int32Array;
}

/** What the step came to. */
export interface RestoreReply {
  /** What is still out; absent when the process is gone. */
  readonly process?: OutProcess;
  readonly backBytes: number;
  /** Bytes that are still in swap although they were asked for, by reason. */
  readonly refused: ReadonlyMap<string, number>;
  /** Where to go on; absent when all was looked at. */
  readonly from?: number;
  /** Why nothing more is to come back now; absent when the next step may go on. */
  readonly held?: string;
}

/** Counts what is out of a process. */
export interface CountOutRequest {
  readonly process: OutProcess;
  /** So long it looks where the pages are. */
  readonly mostMs: number;
}

/** The same process, without pages that are not in swap any more. */
export interface CountOutReply {
  /** Absent when the process is gone. */
  readonly process?: OutProcess;
  readonly bytes: number;
  /** False: there may be less, for not all pages were looked at. */
  readonly isWhole: boolean;
}

/** @returns undefined when the process is gone, or executes another program. */
function withProcess<T>(
  out: OutProcess,
  work: (process: SwappedProcess, dirFd: number) => T,
): { readonly result: T; readonly process: OutProcess } | undefined {
  let opened: OpenedProcess | undefined;
  try {
    opened = new OpenedProcess(out);
    if (opened.memoryId !== out.memoryId) return undefined;
    const { tid, dirFd, pagemapFd, memoryId } = opened;
    const pagemap = new Pagemap(pagemapFd);
    const space = new HeldAddressSpace(dirFd, pagemap, memoryId);
    const moved = MovedSet.fromData(out.moved);
    const result = work({ tid, pagemap, space, moved }, dirFd);
    return { result, process: { ...out, moved: moved.toData() } };
  } catch (error) {
    const hasGone = error instanceof Gone || error instanceof AddressSpaceGone;
    if (hasGone || (opened !== undefined && isGone(error))) return undefined;
    throw error;
  } finally {
    if (opened !== undefined) closeProcess(opened);
  }
}

/** Counts what is still in swap of what was moved. @throws {SystemCallError | ProcfsError} */
export function countOut({ process, mostMs }: CountOutRequest): CountOutReply {
  const counted = withProcess(process, (swapped) => countInSwap(swapped, mostMs));
  if (counted === undefined) return { bytes: 0, isWhole: true };
  const { pages, isWhole } = counted.result;
  return { process: counted.process, bytes: pages * PAGE_SIZE, isWhole };
}

/** Says how much may come back at a time. */
class Allowance {
  readonly #request: RestoreRequest;
  readonly #dirFd: number;
  readonly #stop: StopFlag;
  readonly #beginMs = performance.now();
  #pages = 0;

  constructor(request: RestoreRequest, dirFd: number) {
    this.#request = request;
    this.#dirFd = dirFd;
    this.#stop = new StopFlag(request.stop);
  }

  /** @returns pages, or why none. @throws {SystemCallError | ProcfsError} */
  readonly next = (): number | string => {
    const { keepFreePercent } = this.#request.limits;
    this.keepToRate();
    if (this.#stop.isRaised) return STOPPED;
    if (performance.now() - this.#beginMs >= STEP_MS) return STEP_IS_OVER;
    const { availableBytes, totalBytes } = readMemInfo();
    const machine = this.#pagesOf(availableBytes - totalBytes * keepFreePercent / 100);
    if (machine < LEAST_PAGES) {
      return `MemAvailable would not stay above ${keepFreePercent} % of MemTotal (--keep-free)`;
    }
    const group = readMemoryRoom(this.#dirFd);
    const inGroup = group === undefined ? machine : this.#pagesOf(group.bytes);
    if (inGroup < LEAST_PAGES) return `its control group is at ${group?.limit}`;
    const pages = Math.min(MOST_PAGES, machine, inGroup, this.#pagesOfRate());
    this.#pages += pages;
    return pages;
  };

  #pagesOf(roomBytes: number): number {
    return Math.floor((roomBytes - MARGIN_BYTES) / PAGE_SIZE / READ_AHEAD);
  }

  /** A tenth of a second's worth. */
  #pagesOfRate(): number {
    const { bytesPerSecond } = this.#request.limits;
    return bytesPerSecond === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(1, Math.floor(bytesPerSecond / PAGE_SIZE / 10));
  }

  /** Waits until what was asked for so far was due. */
  keepToRate(): void {
    const { bytesPerSecond } = this.#request.limits;
    if (bytesPerSecond === undefined) return;
    const dueMs = this.#pages * PAGE_SIZE / bytesPerSecond * 1000;
    const waitMs = this.#beginMs + dueMs - performance.now();
    if (waitMs > 0) this.#stop.rest(waitMs);
  }
}

/**
 * Brings pages back for a fifth of a second. Runs in a worker.
 * @throws {SystemCallError | ProcfsError}
 */
export function restoreStep(request: RestoreRequest): RestoreReply {
  const { process, from } = request;
  const done = withProcess(process, (swapped, dirFd) => {
    const allowance = new Allowance(request, dirFd);
    const account = bringBack(swapped, { from, allow: allowance.next });
    allowance.keepToRate();
    return account;
  });
  if (done === undefined) return { backBytes: 0, refused: new Map() };
  return { process: done.process, ...replyOf(done.result) };
}

function replyOf({ back, refused, rest }: BringBackAccount): Omit<RestoreReply, "process"> {
  return {
    backBytes: back * PAGE_SIZE,
    refused: new Map([...refused].map(([why, pages]) => [why, pages * PAGE_SIZE])),
    ...(rest === undefined ? {} : { from: rest.from }),
    ...(rest === undefined || rest.why === STEP_IS_OVER ? {} : { held: rest.why }),
  };
}
