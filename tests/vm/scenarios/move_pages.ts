import { closeSync, ftruncateSync, openSync, rmSync, writeFileSync } from "node:fs";
import { CpuStay, threadCpus } from "../../../ffi/affinity.ts";
import { addressOf, syscall } from "../../../ffi/libc.ts";
import {
  MovePagesBatch,
  MPOL_MF_MOVE,
  MPOL_MF_MOVE_ALL,
  PAGE_STATUS,
} from "../../../ffi/move_pages.ts";
import { decideNodePairs } from "../../../src/engine/cslide/node_pairs.ts";
import { NodeMover } from "../../../src/mover/node_mover.ts";
import { readHugePagePools, readNodes } from "../../../src/procfs/nodes.ts";
import { PAGE_BYTES } from "../guest/address_space.ts";
import { demand } from "../guest/demand.ts";
import { MIB, startTarget } from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

const SIZE = 32 * MIB;
const HUGE_BYTES = 2 * MIB;
const HUGE_PAGES = 8;

/** Addresses of the pages of an area. */
function addressesOf(start: number, sizeBytes: number, stepBytes: number): number[] {
  return Array.from({ length: sizeBytes / stepBytes }, (_, i) => start + i * stepBytes);
}

function batchOf(addresses: readonly number[]): MovePagesBatch {
  const batch = new MovePagesBatch(addresses.length);
  for (const address of addresses) batch.push(address);
  return batch;
}

/** How often each status stands in a batch. */
function tally(batch: MovePagesBatch): string {
  const counts = new Map<number, number>();
  for (const status of batch.status) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} x ${status}`).join(", ");
}

/** Moves all pages, and demands that the kernel says so at once and when it is asked again. */
function moveAll(pid: number, batch: MovePagesBatch, node: number): void {
  const left = batch.moveTo(pid, node, MPOL_MF_MOVE_ALL);
  const said = tally(batch);
  batch.locate(pid);
  const found = tally(batch);
  console.log(`note to node ${node}: ${left} left, status ${said}; found ${found}`);
  demand(left === 0, `${left} pages were not moved to node ${node}`);
  demand(said === `${batch.count} x ${node}`, `the status after moving to ${node} is ${said}`);
  demand(found === said, `after moving to node ${node} the pages are on ${found}`);
}

/** Base pages of another process: to the slow node and back, with their contents. */
const basePages: Scenario = {
  name: "move_pages_base",
  deadlineSeconds: 300,
  async run() {
    const nodes = readNodes();
    demand(nodes.length === 4, `the machine has ${nodes.length} nodes`);
    const [pair] = decideNodePairs([[0, 2]], nodes);
    demand(pair !== undefined, "the pair was not decided");
    console.log(`note ${pair.reason}`);
    demand(pair.slow === 2 && pair.dram === 0, `the pair was taken as ${pair.reason}`);

    using target = await startTarget({ sizeBytes: SIZE });
    const [area] = target.processes();
    demand(area !== undefined, "the target has no area");
    const batch = batchOf(addressesOf(area.start, area.sizeBytes, PAGE_BYTES));
    const before = threadCpus();
    {
      using stay = new CpuStay(pair.cpus);
      demand(stay.cpus.join() === "0", `the thread runs on CPUs ${stay.cpus.join()}`);
      for (const node of [2, 0, 2]) moveAll(area.pid, batch, node);
    }
    demand(threadCpus().join() === before.join(), "the thread was not put back");
    const bad = await target.verify();
    demand(bad === 0, `the contents of ${bad} pages are wrong`);
  },
};

/** Pages that several processes map stay where they are unless all of them are to be moved. */
const sharedPages: Scenario = {
  name: "move_pages_shared",
  deadlineSeconds: 300,
  async run() {
    using target = await startTarget({ sizeBytes: SIZE, children: 2, share: true });
    const [area] = target.processes();
    demand(area !== undefined, "the target has no area");
    const batch = batchOf(addressesOf(area.start, area.sizeBytes, PAGE_BYTES));
    const left = batch.moveTo(area.pid, 3, MPOL_MF_MOVE);
    const said = tally(batch);
    demand(left === 0, `${left} shared pages were left`);
    demand(said === `${batch.count} x ${PAGE_STATUS.shared}`, `shared pages have status ${said}`);
    moveAll(area.pid, batch, 3);
    const bad = await target.verify();
    demand(bad === 0, `the contents of ${bad} pages are wrong`);
  },
};

function poolsOf(nodes: readonly number[]): string {
  return nodes.map((node) => {
    const pool = readHugePagePools(node).find((one) => one.pageBytes === HUGE_BYTES);
    return `${node}: ${pool?.free} of ${pool?.total}`;
  }).join(", ");
}

function setPool(node: number, pages: number): void {
  const folder = `/sys/devices/system/node/node${node}/hugepages/hugepages-2048kB`;
  writeFileSync(`${folder}/nr_hugepages`, String(pages));
}

/** Maps huge pages, moves them to the slow node and back, and looks at the pools. */
function moveHugePages(): void {
  for (const node of [0, 2]) setPool(node, HUGE_PAGES);
  const path = "/dev/hugepages/move_pages";
  try {
    const fd = openSync(path, "w+");
    ftruncateSync(fd, HUGE_PAGES * HUGE_BYTES);
    closeSync(fd);
    const memory = Bun.mmap(path);
    for (let i = 0; i < memory.length; i += PAGE_BYTES) memory[i] = (i / PAGE_BYTES) % 251;
    const batch = batchOf(addressesOf(addressOf(memory), memory.length, HUGE_BYTES));
    batch.locate(process.pid);
    console.log(`note pools ${poolsOf([0, 2])}; pages ${tally(batch)}`);
    for (const node of [2, 0]) {
      moveAll(process.pid, batch, node);
      console.log(`note pools ${poolsOf([0, 2])}`);
      const full = node === 2 ? "0: 8 of 8, 2: 0 of 8" : "0: 0 of 8, 2: 8 of 8";
      demand(poolsOf([0, 2]) === full, `the pools are ${poolsOf([0, 2])}`);
    }
    const bad = memory.findIndex((byte, i) =>
      i % PAGE_BYTES === 0 && byte !== (i / PAGE_BYTES) % 251
    );
    demand(bad === -1, `the contents at ${bad} are wrong`);
  } finally {
    rmSync(path, { force: true });
    for (const node of [0, 2]) setPool(node, 0);
  }
}

/** hugetlb pages: there and back, and the pools are as large as before. */
const hugetlbPages: Scenario = {
  name: "move_pages_hugetlb",
  deadlineSeconds: 300,
  run() {
    moveHugePages();
    return Promise.resolve();
  },
};

const VMSPLICE = 278; // on x86_64
const PINNED_PAGES = 8;

/** Has the kernel hold the first pages of an area, as a device would, until the pipe is closed. */
function pin(address: number): number {
  const path = "/tmp/pipe";
  mkfifo(path);
  const pipe = openSync(path, "r+");
  const iovec = new BigUint64Array([BigInt(address), BigInt(PINNED_PAGES * PAGE_BYTES)]);
  const bytes = syscall("vmsplice", VMSPLICE, pipe, iovec, 1, 0);
  demand(bytes === PINNED_PAGES * PAGE_BYTES, `${bytes} bytes are in the pipe`);
  return pipe;
}

function mkfifo(path: string): void {
  const { success } = Bun.spawnSync(["mkfifo", path]);
  demand(success, "mkfifo failed");
}

/**
 * Pages that are held by the kernel stay, all others of the batch move;
 * the mover says which and why.
 */
const pinnedPages: Scenario = {
  name: "move_pages_pinned",
  deadlineSeconds: 300,
  run() {
    const pages = 64;
    const memory = new Uint8Array((pages + 1) * PAGE_BYTES);
    for (let i = 0; i < memory.length; i++) memory[i] = i % 251;
    const first = Math.ceil(addressOf(memory) / PAGE_BYTES);
    const numbers = Float64Array.from({ length: pages }, (_, i) => first + i);
    const mover = new NodeMover(pages);
    const move = (node: number, from = 0, count = pages) => {
      const refused: [reason: string, bytes: number][] = [];
      const stuck: number[] = [];
      const { movedBytes } = mover.move({
        pid: process.pid,
        space: { isThere: () => true },
        node,
        pages: numbers,
        from,
        count,
        pieces: 1,
        pieceBytes: PAGE_BYTES,
        refuse: (reason, bytes) => void refused.push([reason, bytes]),
        stuck: (page) => void stuck.push(page - first),
      });
      return { moved: movedBytes / PAGE_BYTES, refused: refused.map(([reason]) => reason), stuck };
    };
    move(2);
    const pipe = pin(first * PAGE_BYTES);
    const held = move(3);
    console.log(`note ${JSON.stringify(held)}`);
    demand(held.moved === pages - PINNED_PAGES, `${held.moved} pages moved`);
    demand(held.stuck.join() === "0,1,2,3,4,5,6,7", `the stuck pages are ${held.stuck.join()}`);
    demand(
      held.refused.length === PINNED_PAGES && held.refused.every((one) => one === "busy or pinned"),
      `refused: ${held.refused.join()}`,
    );

    // A page that is there already ends the run that the kernel moves together.
    const alone = 20;
    demand(move(0, alone, 1).moved === 1, "page 20 did not move");
    const stopped = move(0);
    console.log(`note ${JSON.stringify(stopped)}`);
    demand(stopped.moved === alone - PINNED_PAGES, `${stopped.moved} pages moved`);
    demand(
      stopped.stuck.join() === held.stuck.join(),
      `the stuck pages are ${stopped.stuck.join()}`,
    );
    const notTried = stopped.refused.filter((one) => one.startsWith("not tried"));
    demand(notTried.length === pages - alone - 1, `refused: ${stopped.refused.join()}`);

    closeSync(pipe);
    rmSync("/tmp/pipe");
    const freed = move(3);
    demand(freed.moved === alone + 1 && freed.stuck.length === 0, JSON.stringify(freed));
    const there = freed.refused.filter((one) => one === "there already");
    demand(there.length === pages - freed.moved, JSON.stringify(freed));
    demand(memory.every((byte, i) => byte === i % 251), "the contents are wrong");
    return Promise.resolve();
  },
};

export const movePages: readonly Scenario[] = [basePages, sharedPages, pinnedPages, hugetlbPages];
