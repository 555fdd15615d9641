import type { Explanations } from "../explanation.ts";

const NODES = ["numactl --hardware"];

/** Of moves between NUMA nodes. */
export const NODE_EXPLANATIONS = {
  policy_forbids_node: {
    meaning: "A memory policy of the process (mbind(2), numactl --membind) does not name node " +
      "{detail}, so its memory stays.",
    remedy: "Start the program with a policy that names both nodes, or with none.",
    commands: ["grep -v default /proc/{pid}/numa_maps | head"],
    hinders: "mostly",
  },
  cpuset_forbids_node: {
    meaning: "The cpuset of the process does not allow memory on node {detail}.",
    remedy: "Allow both nodes: AllowedMemoryNodes= of a service, cpuset.mems of the group.",
    commands: ["grep Mems_allowed_list /proc/{pid}/status"],
    hinders: "mostly",
  },
  no_memory_on_node: {
    meaning: "Node {detail} has no memory any more.",
    remedy: "Bring its memory online.",
    commands: [...NODES, "daxctl reconfigure-device --mode=system-ram all"],
    hinders: "always",
  },
  no_free_memory_on_node: {
    meaning: "Node {detail} has no free memory left for what was to move there.",
    remedy: "Free memory on the node, or lower node_hot_reserve.",
    commands: NODES,
    hinders: "mostly",
  },
  node_full: {
    meaning: "The node that the pages were to move to ran out of memory.",
    remedy: "Free memory on the node.",
    commands: NODES,
    hinders: "mostly",
  },
  quota_used: {
    meaning: "A round may move no more than node_mig_quota. The rest goes in the next rounds.",
    remedy: "Raise node_mig_quota if that takes too long.",
    hinders: "never",
  },
  nothing_to_exchange: {
    meaning: "DRAM is full, and none of the tasks' own memory in it is cold: all is in use.",
    remedy: "Lower hot_threshold, or give the tasks more DRAM.",
    commands: NODES,
    hinders: "never",
  },
  no_exchange_page: {
    meaning: "An exchange between two full nodes needs a free page on one of them.",
    remedy: "Free some memory on either node.",
    commands: NODES,
    hinders: "mostly",
  },
  no_cold_on_dram: {
    meaning:
      "Memory of node_hot_reserve is to be free on DRAM, and none of the tasks' own memory in it is " +
      "cold.",
    remedy: "Lower node_hot_reserve.",
    hinders: "never",
  },
  slow_node_full: {
    meaning: "The slow node has no free memory for what is cold on DRAM.",
    remedy: "Free memory on the slow node, or add some.",
    commands: NODES,
    hinders: "mostly",
  },
  no_node_pair: {
    meaning: "The engine cslide needs two NUMA nodes with memory.",
    remedy: "Bring the slow memory online as a node of its own. Or use the engine slide.",
    commands: [...NODES, "daxctl reconfigure-device --mode=system-ram all"],
    hinders: "always",
  },
} as const satisfies Explanations;
