import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { errorCode } from "../ffi/errno.ts";
import { AT_FDCWD } from "../ffi/libc.ts";
import { readProcessStat } from "../src/procfs/process_stat.ts";
import { runTool, ToolError } from "./run_tool.ts";

/** Something that the demo brings into the machine and takes away again. */
export type Leftover =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "swap"; readonly path: string }
  /** /dev/zramN, made by /sys/class/zram-control/hot_add. */
  | { readonly kind: "zram"; readonly number: number }
  | { readonly kind: "module"; readonly name: string }
  | { readonly kind: "process"; readonly pid: number; readonly startTicks: number };

/** A process that was told to end has so long before it is killed. */
const TERM_MS = 3_000;
const KILL_MS = 10_000;
const POLL_MS = 20;

/**
 * Takes one thing away; it may be gone already.
 * @throws {Error} whose message says what is left and how to remove it.
 */
export async function takeAway(leftover: Leftover): Promise<void> {
  switch (leftover.kind) {
    case "process":
      return endProcess(leftover.pid, leftover.startTicks);
    case "swap":
      return swapOff(leftover.path);
    case "zram":
      return removeZram(leftover.number);
    case "module":
      return unloadModule(leftover.name);
    case "folder":
      return removeFolder(leftover.path);
  }
}

async function endProcess(pid: number, startTicks: number): Promise<void> {
  const isThere = (): boolean => {
    const stat = readProcessStat(AT_FDCWD, `/proc/${pid}/stat`);
    return stat !== undefined && stat.startTicks === startTicks && !stat.isDead;
  };
  for (const [signal, ms] of [["SIGTERM", TERM_MS], ["SIGKILL", KILL_MS]] as const) {
    if (!isThere()) return;
    signalIfThere(pid, signal);
    const end = performance.now() + ms;
    while (isThere() && performance.now() < end) await Bun.sleep(POLL_MS);
  }
  if (isThere()) throw new Error(`process ${pid} does not end: kill -9 ${pid}`);
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== "ESRCH") throw error;
  }
}

/** Whether the kernel swaps to this file or device (proc_swaps(5)). */
function isSwappedTo(path: string): boolean {
  return readFileSync("/proc/swaps", "latin1").split("\n").some((line) =>
    line.startsWith(`${path} `) || line.startsWith(`${path}\t`)
  );
}

function swapOff(path: string): void {
  if (!isSwappedTo(path)) return;
  try {
    runTool("swapoff", path);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    throw new Error(`swap is still on: ${error.message}: later, as root: swapoff ${path}`, {
      cause: error,
    });
  }
}

function removeZram(number: number): void {
  if (!existsSync(`/sys/block/zram${number}`)) return;
  const remove = `echo ${number} > /sys/class/zram-control/hot_remove`;
  try {
    writeFileSync(`/sys/block/zram${number}/reset`, "1");
    writeFileSync("/sys/class/zram-control/hot_remove", String(number));
  } catch (error) {
    throw new Error(`the device /dev/zram${number} is still there: as root: ${remove}`, {
      cause: error,
    });
  }
}

function unloadModule(name: string): void {
  if (!existsSync(`/sys/module/${name}`)) return;
  try {
    runTool("modprobe", "-r", name);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    throw new Error(`the module is still loaded: as root: modprobe -r ${name}`, { cause: error });
  }
}

function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    throw new Error(`the folder is still there: as root: rm -r ${path}`, { cause: error });
  }
}
