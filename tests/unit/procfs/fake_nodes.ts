import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A tree of sysfs files in a folder of its own, to be used as the root of a reader. */
export class FakeSysfs implements Disposable {
  readonly root: string = mkdtempSync(join(tmpdir(), "etmem-sysfs-"));

  /** @param files contents by path below the root. */
  constructor(files: Readonly<Record<string, string>>) {
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  remove(path: string): void {
    rmSync(join(this.root, path), { recursive: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}

const node = (id: number): string => `devices/system/node/node${id}`;

function meminfo(id: number, totalKb: number, freeKb: number): string {
  return `Node ${id} MemTotal:       ${totalKb} kB\nNode ${id} MemFree:        ${freeKb} kB\n` +
    `Node ${id} MemUsed:        ${totalKb - freeKb} kB\nNode ${id} HugePages_Total:     4\n`;
}

/**
 * As a machine with two DRAM nodes and, behind them, two slow ones in a tier of their own has it.
 */
export const FOUR_NODES: Readonly<Record<string, string>> = {
  "devices/system/node/online": "0-3\n",
  "devices/system/node/has_cpu": "0-1\n",
  "devices/system/node/has_memory": "0-3\n",
  [`${node(0)}/cpulist`]: "0-1,4\n",
  [`${node(1)}/cpulist`]: "2-3\n",
  [`${node(2)}/cpulist`]: "\n",
  [`${node(3)}/cpulist`]: "\n",
  [`${node(0)}/distance`]: "10 20 30 40\n",
  [`${node(1)}/distance`]: "20 10 40 30\n",
  [`${node(2)}/distance`]: "30 40 10 50\n",
  [`${node(3)}/distance`]: "40 30 50 10\n",
  [`${node(0)}/meminfo`]: meminfo(0, 1000, 100),
  [`${node(2)}/meminfo`]: meminfo(2, 4000, 3000),
  [`${node(0)}/hugepages/hugepages-1048576kB/nr_hugepages`]: "1\n",
  [`${node(0)}/hugepages/hugepages-1048576kB/free_hugepages`]: "0\n",
  [`${node(0)}/hugepages/hugepages-2048kB/nr_hugepages`]: "8\n",
  [`${node(0)}/hugepages/hugepages-2048kB/free_hugepages`]: "5\n",
  "kernel/mm/hugepages/hugepages-2048kB/free_hugepages": "5\n",
  "kernel/mm/hugepages/hugepages-2048kB/resv_hugepages": "2\n",
  "devices/virtual/memory_tiering/uevent": "",
  "devices/virtual/memory_tiering/memory_tier4/nodelist": "0-1\n",
  "devices/virtual/memory_tiering/memory_tier22/nodelist": "2-3\n",
};
