import { closeSync, existsSync, openSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { errorCode } from "../ffi/errno.ts";
import { formatBytes } from "../src/text/quantities.ts";
import { readMemInfo } from "../src/procfs/meminfo.ts";
import { messageOf } from "../src/text/message_of.ts";
import type { Caretaker } from "./caretaker.ts";
import { runTool, ToolError } from "./run_tool.ts";
import { SetupError } from "./setup_error.ts";

const ZRAM_CONTROL = "/sys/class/zram-control";

/** Left on the file system of the swap file for everybody else. */
const DISK_RESERVE_BYTES = 512 * 2 ** 20;

/** What the demo swaps to. */
export interface SwapSpace {
  /** For people: where it is. */
  readonly about: string;
  /** What of the swapped memory still takes room in DRAM, as a sentence. */
  readonly cost: () => string;
}

/**
 * Makes temporary swap space where there is not enough: a zram device, which is fast, frees the
 * memory at once and spares the disk; or where the kernel has none, a file in `folder`.
 * @param priority with which the kernel takes it before other swap space, 0 to 32767;
 * with it some is made in any case.
 * @throws {SetupError} when neither is possible.
 */
export function provideSwap(
  needBytes: number,
  folder: string,
  caretaker: Caretaker,
  priority?: number,
): SwapSpace {
  const { swapFreeBytes } = readMemInfo();
  if (priority === undefined && swapFreeBytes >= needBytes) {
    return {
      about: `this machine's own, ${formatBytes(swapFreeBytes)} of it free`,
      cost: swapCacheCost,
    };
  }
  const reasons: string[] = [];
  for (const make of [makeZram, makeSwapFile]) {
    try {
      return make(needBytes, folder, caretaker, priority);
    } catch (error) {
      if (!(error instanceof ToolError) && errorCode(error) === undefined) throw error;
      reasons.push(messageOf(error));
    }
  }
  throw new SetupError(
    `this machine has ${formatBytes(swapFreeBytes)} of free swap space, the demo needs ${
      formatBytes(needBytes)
    }, and none can be made: ${reasons.join("; ")}`,
  );
}

/** Pages that are in swap and whose copy in DRAM was not dropped yet. */
function swapCacheCost(): string {
  const { swapCachedBytes } = readMemInfo();
  return `${
    formatBytes(swapCachedBytes)
  } of swapped memory are still in DRAM as well (swap cache): ` +
    "the kernel drops them when it needs room";
}

/** swapon(8). */
function swapOn(path: string, priority: number | undefined): void {
  runTool("swapon", ...(priority === undefined ? [] : ["-p", String(priority)]), path);
}

function makeSwapFile(
  sizeBytes: number,
  folder: string,
  caretaker: Caretaker,
  priority?: number,
): SwapSpace {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < sizeBytes + DISK_RESERVE_BYTES) {
    throw new ToolError(`the disk that holds ${folder} is nearly full`);
  }
  const path = `${folder}/swapfile`;
  closeSync(openSync(path, "wx", 0o600));
  runTool("fallocate", "-l", String(sizeBytes), path);
  runTool("mkswap", path);
  caretaker.entrust({ kind: "swap", path });
  swapOn(path, priority);
  return {
    about: `${formatBytes(sizeBytes)} in the file ${path}, made for now`,
    cost: swapCacheCost,
  };
}

function makeZram(
  sizeBytes: number,
  _folder: string,
  caretaker: Caretaker,
  priority?: number,
): SwapSpace {
  if (!existsSync(ZRAM_CONTROL)) {
    caretaker.entrust({ kind: "module", name: "zram" });
    runTool("modprobe", "zram", "num_devices=0");
  }
  const number = Number(readFileSync(`${ZRAM_CONTROL}/hot_add`, "latin1"));
  caretaker.entrust({ kind: "zram", number });
  const path = `/dev/zram${number}`;
  writeFileSync(`/sys/block/zram${number}/disksize`, String(sizeBytes));
  runTool("mkswap", path);
  caretaker.entrust({ kind: "swap", path });
  swapOn(path, priority);
  return {
    about: `${formatBytes(sizeBytes)} on ${path} (compressed memory), made for now`,
    cost: () => {
      // mem_used_total is the third number (Documentation/admin-guide/blockdev/zram.rst).
      const stat = readFileSync(`/sys/block/zram${number}/mm_stat`, "latin1").trim().split(/ +/);
      return `${formatBytes(Number(stat[2]))} of DRAM hold all that, compressed`;
    },
  };
}
