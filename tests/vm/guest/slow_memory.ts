import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { MovePagesBatch } from "../../../ffi/move_pages.ts";
import type { TaskStatus } from "../../../src/status/task_status.ts";
import { readMovableRoom } from "../../../src/procfs/zoneinfo.ts";
import { demand } from "./demand.ts";
import { type Groups, Server } from "./server.ts";

export const HUGE_BYTES = 2 ** 21;
const PROJECT = "vm";
const NODES = "/sys/devices/system/node";

function poolFile(node: number, name: string): string {
  return `${NODES}/node${node}/hugepages/hugepages-2048kB/${name}`;
}

/**
 * Gives a node a pool of so many huge pages. @throws {Error} when the node has no memory for it.
 */
function setPool(node: number, pages: number): void {
  writeFileSync(poolFile(node, "nr_hugepages"), String(pages));
  const got = poolSize(node);
  demand(got === pages, `node ${node} got ${got} huge pages of ${pages}`);
}

export function poolSize(node: number): number {
  return Number(readFileSync(poolFile(node, "nr_hugepages"), "utf8"));
}

export function poolFree(node: number): number {
  return Number(readFileSync(poolFile(node, "free_hugepages"), "utf8"));
}

/** The sizes of all pools, which nothing may change. */
export function poolSizes(): string {
  return readdirSync(NODES).filter((name) => /^node\d+$/.test(name)).sort()
    .map((name) => poolSize(Number(name.slice(4)))).join();
}

/**
 * Gives the DRAM node and the slow node pools of so many huge pages.
 * @returns the sizes of all pools.
 */
export function setPools(dramPages: number, slowPages: number): string {
  setPool(0, dramPages);
  setPool(2, slowPages);
  return poolSizes();
}

/** Bytes that base memory could be moved to on the DRAM node. */
export function dramRoom(): number {
  return readMovableRoom().get(0)?.bytes ?? 0;
}

/**
 * Lets the pool of the DRAM node take so much of its memory that about `bytes` are left to move to.
 */
export function leaveOnDram(bytes: number): void {
  writeFileSync("/proc/sys/vm/drop_caches", "1");
  writeFileSync("/proc/sys/vm/compact_memory", "1");
  for (let tries = 0; tries < 3; tries++) {
    const pages = Math.floor((dramRoom() - bytes) / HUGE_BYTES);
    if (pages <= 0) break;
    writeFileSync(poolFile(0, "nr_hugepages"), String(poolSize(0) + pages));
  }
  demand(dramRoom() < bytes + 8 * 2 ** 20, `${dramRoom()} bytes are left on node 0`);
}

/** The node of every unit of an area, by the kernel's own word. */
export function nodesOf(pid: number, start: number, bytes: number, unit: number): Int32Array {
  const batch = new MovePagesBatch(bytes / unit);
  for (let at = start; at < start + bytes; at += unit) batch.push(at);
  batch.locate(pid);
  return batch.status.slice(0, batch.count);
}

type Keys = Readonly<Record<string, string | number>>;

/**
 * One project with loop=3 interval=1 sleep=1 and the cslide engine, with a task for each process.
 */
export function cslideConfig(
  tasks: Readonly<Record<string, number>>,
  engine: Keys,
  task: Keys,
  project: Keys = {},
): Groups {
  return [
    ["project", { name: PROJECT, loop: 3, interval: 1, sleep: 1, ...project }],
    ["engine", {
      name: "cslide",
      project: PROJECT,
      node_pair: "2,0;3,1",
      hot_threshold: 1,
      node_mig_quota: 1024,
      node_hot_reserve: 0,
      ...engine,
    }],
    ...Object.entries(tasks).map(([name, pid]) =>
      ["task", {
        project: PROJECT,
        engine: "cslide",
        name,
        type: "pid",
        value: pid,
        ...task,
      }] as const
    ),
  ];
}

/** The tasks of a configuration alone. */
export function tasksOf(groups: Groups): Groups {
  return groups.filter(([group]) => group === "task");
}

/** Programs that take no memory of the DRAM node that is filled, and give none back to it. */
const BESIDE = ["numactl", "--membind=1"];

/**
 * Starts a server with such a project and waits for so many rounds of the first task.
 * @param prepare called right before the project is started.
 */
export async function runRounds(
  groups: Groups,
  task: string,
  rounds: number,
  prepare: () => void = () => {},
): Promise<{ readonly server: Server; readonly status: TaskStatus }> {
  const server = await Server.start(BESIDE, BESIDE);
  await server.add(groups);
  prepare();
  await server.etmem("project", "start", "-n", PROJECT);
  const status = await server.untilRounds(task, rounds);
  return { server, status };
}
