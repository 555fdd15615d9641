import { SystemCallError } from "../../../ffi/errno.ts";
import { AT_FDCWD, close, O_RDONLY, openAt } from "../../../ffi/libc.ts";
import { KpageFlags } from "../../../src/procfs/kpageflags.ts";
import { readMaps } from "../../../src/procfs/maps.ts";
import { readMemInfo } from "../../../src/procfs/meminfo.ts";
import { readHugePagePools, readNodeMemory, readNodes } from "../../../src/procfs/nodes.ts";
import { Pagemap, pageOf } from "../../../src/procfs/pagemap.ts";
import { readProcessStat } from "../../../src/procfs/process_stat.ts";
import { readProcessSizes } from "../../../src/procfs/process_memory.ts";
import { findProcesses } from "../../../src/procfs/find_processes.ts";
import { readRecord } from "../../../src/procfs/read_file.ts";
import { readSmaps } from "../../../src/procfs/smaps.ts";
import { readMovableRoom } from "../../../src/procfs/zoneinfo.ts";
import { armFault } from "../../tools/fixtures/armed_fault.ts";

// Runs under fault_injector.c: has each reader's reads fail or stop early, and prints what came of
// it, a line a case: READER FAULT OUTCOME.

const READ = { x64: 0, arm64: 63 } as const;
const PREAD = { x64: 17, arm64: 67 } as const;
const EVERY = 2 ** 30;

const FAULTS = {
  EIO: { errno: 5, times: 1 },
  ENOMEM: { errno: 12, times: 1 },
  EAGAIN: { errno: 11, times: 1 },
  EINTR: { errno: 4, times: 2 },
  "short:8": { count: 8, times: EVERY },
  "short:104": { count: 104, times: EVERY },
} as const;
const TEXT_FAULTS = { ...FAULTS, "short:1": { count: 1, times: EVERY } } as const;

/**
 * What is never read byte by byte: 64-bit words, and sysfs's lists of CPUs, which are empty then.
 */
const NO_BYTES = new Set(["pagemap", "pagemap_alive", "kpageflags", "nodes"]);

const target = Bun.spawn(["sleep", "1000"], { stdio: ["ignore", "ignore", "ignore"] });
const dirFd = openAt(AT_FDCWD, `/proc/${target.pid}`, O_RDONLY);
const pagemapFd = openAt(dirFd, "pagemap", O_RDONLY);
while (readRecord(dirFd, "comm") !== "sleep\n") await Bun.sleep(2);
target.kill("SIGSTOP");
while (!/\) T /.test(await Bun.file(`/proc/${target.pid}/stat`).text())) await Bun.sleep(2);

const stack = readMaps(dirFd)!.at(-3)!;
const pagemap = new Pagemap(pagemapFd);

function locate(): unknown {
  const [from, to] = [pageOf(stack.start), pageOf(stack.end)];
  const count = pagemap.load(from, to);
  return Array.from({ length: count }, (_, i) => pagemap.isPresent(from + i));
}

/** The mappings without their sizes in memory: the kernel may take some away meanwhile. */
function areas(): unknown {
  return readSmaps(dirFd)?.map(({ rssBytes: _rss, referencedBytes: _referenced, ...vma }) => vma);
}

/** Frames of the firmware: nothing happens to them. */
function lookAtFrames(): unknown {
  using flags = new KpageFlags();
  const count = flags.load(0, 16);
  return Array.from({ length: count }, (_, i) => flags.isTail(i));
}

/** What stays the same between two looks. */
const READERS: readonly (readonly [string, typeof READ | typeof PREAD, () => unknown])[] = [
  ["maps", READ, () => readMaps(dirFd)],
  ["smaps", READ, areas],
  ["stat", READ, () => readProcessStat(dirFd)],
  ["status", READ, () => readProcessSizes(dirFd)],
  ["comm", READ, () => readRecord(dirFd, "comm")],
  ["meminfo", READ, () => readMemInfo().totalBytes],
  ["zoneinfo", READ, () => [...readMovableRoom().keys()]],
  ["nodes", READ, () => readNodes().map(({ distances, ...node }) => [node, [...distances]])],
  ["node_meminfo", READ, () => readNodeMemory(0)?.totalBytes],
  ["hugepages", READ, () => readHugePagePools(0).map(({ pageBytes }) => pageBytes)],
  ["pagemap", PREAD, locate],
  ["pagemap_alive", PREAD, () => pagemap.isAlive(pageOf(stack.start))],
  ["kpageflags", PREAD, lookAtFrames],
];

function attempt(look: () => unknown): string {
  try {
    return JSON.stringify(look()) ?? "nothing";
  } catch (error) {
    if (!(error instanceof SystemCallError)) return `threw ${String(error)}`;
    // The message names what was read.
    return `threw ${error.code}${/"[^"]+"/.test(error.message) ? "" : " of nothing"}`;
  }
}

/** With faults of a pid's files the search goes on without it. */
function search(): string {
  const unreadable: string[] = [];
  const found = findProcesses({ type: "pid", pid: target.pid }, (_pid, error) => {
    unreadable.push(error instanceof SystemCallError ? error.code : String(error));
  });
  return JSON.stringify([found, unreadable]);
}

const lines: string[] = [];
for (const [name, number, look] of READERS) {
  const expected = attempt(look);
  for (const [fault, kind] of Object.entries(NO_BYTES.has(name) ? FAULTS : TEXT_FAULTS)) {
    armFault({ number, ...kind });
    const outcome = attempt(look);
    const left = armFault({ number, times: 0 });
    const happened = left < kind.times ? "" : ", and nothing happened";
    lines.push(`${name} ${fault} ${outcome === expected ? "same" : outcome}${happened}`);
  }
}
const expected = search();
for (const [fault, kind] of Object.entries(TEXT_FAULTS)) {
  armFault({ number: READ, ...kind });
  const outcome = search();
  armFault({ number: READ, times: 0 });
  lines.push(`search ${fault} ${outcome === expected ? "same" : outcome}`);
}
target.kill("SIGKILL");
close(pagemapFd);
close(dirFd);
console.log(lines.join("\n"));
