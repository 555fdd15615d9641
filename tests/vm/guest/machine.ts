import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { AT_FDCWD, close, ioctl, O_RDWR, openAt } from "../../../ffi/libc.ts";
import { PAGE_BYTES } from "./address_space.ts";

/** Where boot.sh puts the programs. */
export const BIN = "/tmp/bin";

/** Runs a program to its end. @returns its standard output. @throws {Error} with what it said. */
function run(...command: string[]): string {
  const done = Bun.spawnSync(command);
  if (done.success) return done.stdout.toString();
  throw new Error(
    `${command.join(" ")}: status ${done.exitCode}: ${done.stderr.toString().trim()}`,
  );
}

/** Makes and uses a compressed swap device in memory. */
export function swapOnZram(sizeMib: number): void {
  writeFileSync("/sys/block/zram0/disksize", `${sizeMib}M`);
  run("mkswap", "/dev/zram0");
  run("swapon", "/dev/zram0");
}

/**
 * Swap on a loop device: unlike zram's, its pages pass through the swap cache and are read ahead.
 */
export function swapOnLoop(sizeMib: number): void {
  const file = "/tmp/swapfile";
  closeSync(openSync(file, "w"));
  truncateSync(file, sizeMib * 2 ** 20);
  const device = run("losetup", "--find", "--show", file).trim();
  run("mkswap", device);
  run("swapon", device);
}

const LIMITED = "/sys/fs/cgroup/limited";

/** Makes a control group whose processes may have so much in swap. */
export function makeLimitedGroup(swapMax: string): void {
  writeFileSync("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
  mkdirSync(LIMITED);
  limitSwap(swapMax);
}

/** Changes that limit: bytes, with a suffix, or `max`. */
export function limitSwap(swapMax: string): void {
  writeFileSync(`${LIMITED}/memory.swap.max`, swapMax);
}

/** Starts the program that follows in that group. */
export const IN_LIMITED_GROUP = [
  "sh",
  "-c",
  `echo $$ > ${LIMITED}/cgroup.procs && exec "$@"`,
  "sh",
] as const;

/** Takes all swap space away. */
export function swapOff(): void {
  run("swapoff", "-a");
}

/** Sets the clock of the day, in milliseconds since 1970. */
export function setClock(ms: number): void {
  run("date", "-u", "-s", `@${(ms / 1000).toFixed(3)}`);
}

const KERNEL_SWAP = "/sys/kernel/mm/swap/kernel_swap_enable";
const FOLD_IDLE = "/sys/module/etmem_abi/parameters/fold_idle";
const STATS = "/proc/etmem_abi_stats";

/** Whether this is a kernel without the etmem interface. */
export function isStockKernel(): boolean {
  return !existsSync(STATS);
}

/** Whether the kernel swaps by itself; a stock kernel cannot be kept from it. */
export function setKernelSwap(on: boolean): void {
  if (!isStockKernel()) writeFileSync(KERNEL_SWAP, String(on));
}

/** What setKernelSwap() set; false on a stock kernel. */
export function kernelSwap(): boolean {
  return !isStockKernel() && readFileSync(KERNEL_SWAP, "utf8").trim() === "true";
}

/** Whether the kernel reports a PMD whose PTEs are all idle as one entry. */
export function setFoldIdle(on: boolean): void {
  writeFileSync(FOLD_IDLE, on ? "Y" : "N");
}

/** The counters of /proc/etmem_abi_stats. */
export function abiStats(): (name: string) => number {
  const numbers = new Map(
    readFileSync(STATS, "utf8").trim().split("\n").map((line) => {
      const [name = "", value = ""] = line.split(" ");
      return [name, Number(value)];
    }),
  );
  return (name) => {
    const value = numbers.get(name);
    if (value === undefined) throw new Error(`Cannot read "${name}": ${STATS} has no such counter`);
    return value;
  };
}

/** Sets the counters to zero, where the kernel has them. */
export function resetAbiStats(): void {
  if (!isStockKernel()) writeFileSync(STATS, "0");
}

/** A value of /proc/meminfo in bytes. */
export function meminfo(name: string): number {
  const match = new RegExp(`^${name}: +(\\d+) kB`, "m").exec(readFileSync("/proc/meminfo", "utf8"));
  if (match === null) throw new Error(`Cannot read "${name}": /proc/meminfo does not have it`);
  return Number(match[1]) * 1024;
}

/**
 * What the kernel's own reclaim and compaction did, by /proc/vmstat: reasons why a page seems used.
 */
export function kernelActivity(): Readonly<Record<string, number>> {
  const names = ["pgactivate", "pgdeactivate", "pgmigrate_success", "pgscan_kswapd", "pageoutrun"];
  const text = readFileSync("/proc/vmstat", "utf8");
  return Object.fromEntries(
    names.map((name) => [name, Number(new RegExp(`^${name} (\\d+)`, "m").exec(text)?.[1])]),
  );
}

/** Bytes that the kernel has reclaimed since it started, by /proc/vmstat. */
export function reclaimedBytes(): number {
  const text = readFileSync("/proc/vmstat", "utf8");
  return [...text.matchAll(/^pgsteal_(?:kswapd|direct|khugepaged) (\d+)/gm)]
    .reduce((sum, [, pages]) => sum + Number(pages) * PAGE_BYTES, 0);
}

/** A value of /proc/PID/status in bytes, such as VmRSS. */
export function processMemory(pid: number, name: string): number {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN) * 1024;
}

const RECLAIM_SWAPCACHE_OFF = 0x40047700;
const SET_SWAPCACHE_WMARK = 0x40047702;

/** Sets marks for the swap cache, in percent, and ends the kernel's own watch over them. */
export function takeOverSwapCache(lowPercent: number, highPercent: number): void {
  const fd = openAt(AT_FDCWD, "/proc/self/swap_pages", O_RDWR);
  try {
    ioctl(fd, RECLAIM_SWAPCACHE_OFF, new Uint32Array(1));
    ioctl(fd, SET_SWAPCACHE_WMARK, new Uint32Array([lowPercent | (highPercent << 8)]));
  } finally {
    close(fd);
  }
}

/** Whether an abstract AF_UNIX socket of this name is listening. */
export function isListening(socket: string): boolean {
  return readFileSync("/proc/net/unix", "utf8").split("\n").some((line) =>
    line.endsWith(` @${socket}`)
  );
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}
