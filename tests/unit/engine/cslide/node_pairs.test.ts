import { describe, expect, test } from "bun:test";
import { EngineRefusal } from "../../../../src/engine/engine.ts";
import { decideNodePairs } from "../../../../src/engine/cslide/node_pairs.ts";
import { type NumaNode, readNodes } from "../../../../src/procfs/nodes.ts";
import { FakeSysfs, FOUR_NODES } from "../../procfs/fake_nodes.ts";

function fourNodes(changes: Readonly<Record<string, string>> = {}): NumaNode[] {
  using fake = new FakeSysfs({ ...FOUR_NODES, ...changes });
  return readNodes(fake.root);
}

/** All in one tier, as the kernel has it for memory that no driver told it about. */
const ONE_TIER = {
  "devices/virtual/memory_tiering/memory_tier4/nodelist": "0-3\n",
  "devices/virtual/memory_tiering/memory_tier22/nodelist": "\n",
};

function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof EngineRefusal) return error.message;
    throw error;
  }
  return "not refused";
}

describe("decideNodePairs()", () => {
  test("decideNodePairs() takes the node without CPU for the slow one in either order", () => {
    const nodes = fourNodes(ONE_TIER);
    expect(decideNodePairs([[2, 0], [1, 3]], nodes)).toEqual([
      {
        slow: 2,
        dram: 0,
        reason: "node_pair 2,0: node 2 is the slow node and node 0 is DRAM " +
          "(node 2 has no CPU and node 0 has)",
        cpus: [0, 1, 4],
      },
      {
        slow: 3,
        dram: 1,
        reason: "node_pair 1,3: node 3 is the slow node and node 1 is DRAM " +
          "(node 3 has no CPU and node 1 has)",
        cpus: [2, 3],
      },
    ]);
  });

  test("decideNodePairs() takes the node in the slower tier when both have CPUs", () => {
    const nodes = fourNodes({
      "devices/virtual/memory_tiering/memory_tier4/nodelist": "1\n",
      "devices/virtual/memory_tiering/memory_tier22/nodelist": "0,2-3\n",
    });
    const [pair] = decideNodePairs([[1, 0]], nodes);
    expect(pair).toMatchObject({ slow: 0, dram: 1 });
    expect(pair?.reason).toContain("node 0 is in memory tier 22, slower than tier 4 of node 1");
  });

  test("decideNodePairs() keeps the order of the file when the machine does not tell them apart", () => {
    const nodes = fourNodes(ONE_TIER);
    const [pair] = decideNodePairs([[0, 1]], nodes);
    expect(pair).toMatchObject({ slow: 0, dram: 1, cpus: [2, 3] });
    expect(pair?.reason).toContain("(the order of the file: the machine does not tell them apart)");
  });

  test("decideNodePairs() keeps the order of the file when CPUs and tiers contradict each other", () => {
    const nodes = fourNodes({
      "devices/virtual/memory_tiering/memory_tier4/nodelist": "2-3\n",
      "devices/virtual/memory_tiering/memory_tier22/nodelist": "0-1\n",
    });
    expect(decideNodePairs([[0, 2]], nodes)[0]).toMatchObject({ slow: 0, dram: 2 });
    const [pair] = decideNodePairs([[2, 0]], nodes);
    expect(pair).toMatchObject({ slow: 2, dram: 0 });
    expect(pair?.reason).toContain("the order of the file: node 2 has no CPU and node 0 has, but");
  });

  test("decideNodePairs() moves from the CPUs nearest to both when neither node has any", () => {
    const [pair] = decideNodePairs([[3, 2]], fourNodes());
    // Node 0 is 30 + 40 away, node 1 40 + 30: the first of equals.
    expect(pair).toMatchObject({ slow: 3, dram: 2, cpus: [0, 1, 4] });
    const nearer = fourNodes({ "devices/system/node/node1/distance": "20 10 35 30\n" });
    expect(decideNodePairs([[3, 2]], nearer)[0]?.cpus).toEqual([2, 3]);
  });

  test("decideNodePairs() refuses a pair when both are the same node", () => {
    expect(refusal(() => decideNodePairs([[2, 2]], fourNodes()))).toBe(
      'Cannot use node_pair "2,2": it names node 2 twice, a pair is two different nodes',
    );
  });

  test("decideNodePairs() refuses a pair when a node is not online", () => {
    expect(refusal(() => decideNodePairs([[7, 0]], fourNodes()))).toBe(
      'Cannot use node_pair "7,0": there is no online node 7, the online nodes are 0, 1, 2, 3',
    );
  });

  test("decideNodePairs() refuses a pair when a node has no memory", () => {
    const nodes = fourNodes({ "devices/system/node/has_memory": "0,2-3\n" });
    expect(refusal(() => decideNodePairs([[2, 1]], nodes))).toBe(
      'Cannot use node_pair "2,1": node 1 has no memory, the nodes with memory are 0, 2, 3',
    );
  });

  test("decideNodePairs() refuses a pair when an earlier one has one of its nodes", () => {
    expect(refusal(() => decideNodePairs([[2, 0], [3, 0]], fourNodes()))).toBe(
      'Cannot use node_pair "3,0": node 0 is in an earlier pair, a node can be in one pair only',
    );
  });

  test("decideNodePairs() explains what is missing when the machine has one node", () => {
    using fake = new FakeSysfs({
      "devices/system/node/online": "0\n",
      "devices/system/node/has_memory": "0\n",
      "devices/system/node/node0/cpulist": "0-1\n",
      "devices/system/node/node0/distance": "10\n",
    });
    const message = refusal(() => decideNodePairs([[2, 0]], readNodes(fake.root)));
    expect(message).toStartWith(
      "this machine has one NUMA node with memory, node 0; " +
        "cslide moves memory between DRAM and a slow node, so AEP or CXL memory has to be online",
    );
    expect(message).not.toContain("\n");
  });

  test("decideNodePairs() explains what is missing when the kernel has no NUMA", () => {
    expect(refusal(() => decideNodePairs([[2, 0]], []))).toContain("no NUMA node with memory;");
  });

  test("decideNodePairs() refuses more pairs than a round can tell apart", () => {
    const pairs = Array.from({ length: 128 }, (_, i): [number, number] => [2 * i, 2 * i + 1]);
    expect(refusal(() => decideNodePairs(pairs, fourNodes()))).toBe(
      "Cannot use node_pair with 128 pairs: at most 127 are supported",
    );
  });
});
