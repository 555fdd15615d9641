import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import * as fc from "fast-check";
import {
  parseIdList,
  readHugePagePools,
  readNodeMemory,
  readNodes,
  readUnreservedHugePages,
} from "../../../src/procfs/nodes.ts";
import { FakeSysfs, FOUR_NODES } from "./fake_nodes.ts";

const MB = 1024 * 1024;

describe("parseIdList()", () => {
  test("parseIdList() reads ranges and single numbers when they are mixed", () => {
    expect(parseIdList("0-3,5\n", "online")).toEqual([0, 1, 2, 3, 5]);
    expect(parseIdList("7\n", "online")).toEqual([7]);
  });

  test("parseIdList() has no members when the list is empty", () => {
    expect(parseIdList("\n", "cpulist")).toEqual([]);
  });

  test("parseIdList() names the file and the item when it is not a list", () => {
    for (const item of ["x", "3-1", "1-", "-1", "1-2-3", "0x1", "1 2"]) {
      expect(() => parseIdList(`0,${item}\n`, "/sys/online")).toThrow(
        `Cannot read list of numbers in line 1 of /sys/online: found ${JSON.stringify(item)}`,
      );
    }
    expect(() => parseIdList("0,,1", "online")).toThrow('found ""');
  });

  test("parseIdList() gives the numbers back when they were printed as the kernel does", () => {
    fc.assert(fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 1023 })), (ids) => {
      const sorted = ids.toSorted((a, b) => a - b);
      const ranges: [number, number][] = [];
      for (const id of sorted) {
        const last = ranges.at(-1);
        if (last !== undefined && last[1] === id - 1) last[1] = id;
        else ranges.push([id, id]);
      }
      const text = ranges.map(([from, to]) => from === to ? `${from}` : `${from}-${to}`).join(",");
      expect(parseIdList(`${text}\n`, "online")).toEqual(sorted);
    }));
  });
});

describe("readNodes()", () => {
  test("readNodes() has CPUs, memory, distances and tiers when the kernel shows them", () => {
    using fake = new FakeSysfs(FOUR_NODES);
    const nodes = readNodes(fake.root);
    expect(nodes.map((node) => node.id)).toEqual([0, 1, 2, 3]);
    expect(nodes.map((node) => node.cpus)).toEqual([[0, 1, 4], [2, 3], [], []]);
    expect(nodes.map((node) => node.tier)).toEqual([4, 4, 22, 22]);
    expect(nodes[2]?.distances.get(1)).toBe(40);
    expect(nodes.every((node) => node.hasMemory)).toBe(true);
  });

  test("readNodes() pairs distances with the online nodes when their ids have gaps", () => {
    using fake = new FakeSysfs({
      "devices/system/node/online": "0,4\n",
      "devices/system/node/has_memory": "4\n",
      "devices/system/node/node0/cpulist": "0\n",
      "devices/system/node/node0/distance": "10 17\n",
      "devices/system/node/node4/cpulist": "\n",
      "devices/system/node/node4/distance": "17 10\n",
    });
    const [first, second] = readNodes(fake.root);
    expect(first).toEqual({
      id: 0,
      cpus: [0],
      hasMemory: false,
      distances: new Map([[0, 10], [4, 17]]),
    });
    expect(second?.hasMemory).toBe(true);
  });

  test("readNodes() leaves a node out when it goes offline while they are read", () => {
    using fake = new FakeSysfs(FOUR_NODES);
    fake.remove("devices/system/node/node3");
    expect(readNodes(fake.root).map((node) => node.id)).toEqual([0, 1, 2]);
  });

  test("readNodes() has no nodes when the kernel has no NUMA", () => {
    using fake = new FakeSysfs({});
    expect(readNodes(fake.root)).toEqual([]);
  });

  test("readNodes() names the file when its distances are not one for each node", () => {
    using fake = new FakeSysfs(FOUR_NODES);
    fake.write("devices/system/node/node1/distance", "20 10 40\n");
    expect(() => readNodes(fake.root)).toThrow(
      `Cannot read 4 distances in line 1 of ${fake.root}/devices/system/node/node1/distance`,
    );
  });
});

describe("readNodeMemory()", () => {
  test("readNodeMemory() is in bytes when the node is there", () => {
    using fake = new FakeSysfs(FOUR_NODES);
    expect(readNodeMemory(2, fake.root)).toEqual({
      totalBytes: 4000 * 1024,
      freeBytes: 3000 * 1024,
    });
  });

  test("readNodeMemory() is undefined when the node is not there", () => {
    using fake = new FakeSysfs(FOUR_NODES);
    expect(readNodeMemory(9, fake.root)).toBeUndefined();
  });

  test("readNodeMemory() names file, line and item when a size is no number", () => {
    using fake = new FakeSysfs({
      "devices/system/node/node0/meminfo": "Node 0 MemTotal: 5 kB\nNode 0 MemFree: many kB\n",
    });
    expect(() => readNodeMemory(0, fake.root)).toThrow(/MemFree in line 2 of .*node0\/meminfo/);
  });
});

describe("readHugePagePools()", () => {
  test("readHugePagePools() is ordered by page size when there are several", () => {
    using fake = new FakeSysfs(FOUR_NODES);
    expect(readHugePagePools(0, fake.root)).toEqual([
      { pageBytes: 2 * MB, total: 8, free: 5 },
      { pageBytes: 1024 * MB, total: 1, free: 0 },
    ]);
  });

  test("readHugePagePools() has none when the node has no hugetlb", () => {
    using fake = new FakeSysfs(FOUR_NODES);
    expect(readHugePagePools(2, fake.root)).toEqual([]);
  });

  test("readHugePagePools() names the file when a count is no number", () => {
    using fake = new FakeSysfs(FOUR_NODES);
    fake.write("devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages", "-1\n");
    expect(() => readHugePagePools(0, fake.root)).toThrow(/free_hugepages: found "-1"/);
  });
});

describe("readUnreservedHugePages()", () => {
  test("readUnreservedHugePages() takes off what mappings have reserved when some have", () => {
    using fake = new FakeSysfs(FOUR_NODES);
    expect(readUnreservedHugePages(2 * MB, fake.root)).toBe(3);
  });

  test("readUnreservedHugePages() is undefined when there is no pool of that size", () => {
    using fake = new FakeSysfs(FOUR_NODES);
    expect(readUnreservedHugePages(32 * MB, fake.root)).toBeUndefined();
  });
});

describe("the readers on this machine", () => {
  test("readNodes() finds every CPU and memory where /sys has NUMA", () => {
    const nodes = readNodes();
    if (!existsSync("/sys/devices/system/node")) {
      expect(nodes).toEqual([]);
      return;
    }
    const online = Bun.spawnSync(["nproc", "--all"]).stdout.toString();
    expect(nodes.flatMap((node) => node.cpus).length).toBeGreaterThan(0);
    expect(nodes.flatMap((node) => node.cpus).length).toBeLessThanOrEqual(Number(online));
    for (const node of nodes) {
      expect(node.distances.get(node.id)).toBe(10);
      const memory = readNodeMemory(node.id);
      expect((memory?.totalBytes ?? 0) > 0).toBe(node.hasMemory);
      expect(memory?.freeBytes ?? 0).toBeLessThanOrEqual(memory?.totalBytes ?? -1);
      for (const pool of readHugePagePools(node.id)) {
        expect(pool.free).toBeLessThanOrEqual(pool.total);
        expect(readUnreservedHugePages(pool.pageBytes)).toBeNumber();
      }
    }
  });
});
