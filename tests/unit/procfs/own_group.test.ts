import { expect, test } from "bun:test";
import { ownGroup } from "../../../src/procfs/own_group.ts";
import { FakeSysfs } from "./fake_nodes.ts";

const groupIn = (text: string, version: 1 | 2): string | undefined => {
  using tree = new FakeSysfs({ "self/cgroup": text });
  return ownGroup({ version, folder: "/nowhere" }, tree.root);
};

const HYBRID = "8:pids:/p\n4:memory:/a/b\n3:cpu,cpuacct:/c\n0::/system.slice/ä.service\n";

test("ownGroup() reads the group of each version", () => {
  expect(groupIn(HYBRID, 1)).toBe("a/b");
  expect(groupIn(HYBRID, 2)).toBe("system.slice/ä.service");
  expect(groupIn("4:cpu,memory:/a\n", 1)).toBe("a");
  expect(groupIn("4:cpu,memory:/a\n", 2)).toBeUndefined();
  expect(groupIn("0::/\n", 2)).toBe("");
});
