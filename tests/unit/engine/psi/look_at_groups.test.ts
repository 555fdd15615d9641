import { afterEach, describe, expect, test } from "bun:test";
import { lookAtGroups } from "../../../../src/engine/psi/look_at_groups.ts";
import { CGROUP_ROOT, cgroupHierarchies } from "../../../../src/procfs/cgroup_tree.ts";
import { because } from "../../../../src/reason/reasons.ts";
import { OwnCgroup } from "../../../tools/fixtures/own_cgroup.ts";
import { FakeSysfs } from "../../procfs/fake_nodes.ts";
import { MIB, stat, treeOfVersion1, treeOfVersion2 } from "./group_tree.ts";

let own = new DisposableStack();
afterEach(() => {
  own.dispose();
  own = new DisposableStack();
});

const look = (tree: FakeSysfs, pattern = "a/b") =>
  lookAtGroups({ pattern, root: own.use(tree).root });

describe.each(
  [["2", treeOfVersion2], ["1", treeOfVersion1]] as const,
)("lookAtGroups() with control groups of version %s", (version, tree) => {
  test("reads a group with all below it", () => {
    const { hierarchy, groups, left, none } = look(tree("a/b"));
    expect([hierarchy?.version, left, none]).toEqual([version === "1" ? 1 : 2, [], undefined]);
    expect(groups).toMatchObject([{
      path: "a/b",
      swappedBytes: 5 * MIB,
      sample: {
        usageBytes: 100 * MIB,
        fileBytes: 16 * MIB,
        anonBytes: 80 * MIB,
        maxBytes: Infinity,
        protectedBytes: 0,
        memoryPressure: { avg10: 0, avg60: 0.02 },
        ioPressure: { avg10: 0, avg60: 0.02 },
        counters: { anonRefaults: 7, fileRefaults: 8, majorFaults: 9 },
      },
    }]);
  });

  test("tells another group that has the path later", () => {
    const files = tree("a/b");
    const [before] = look(files).groups;
    files.remove(`${version === "1" ? "memory/" : ""}a/b/memory.stat`);
    expect(lookAtGroups({ pattern: "a/b", root: files.root }).groups).toEqual([]);
    expect(before?.id).toBeGreaterThan(0);
  });

  test("leaves a group without memory.reclaim alone", () => {
    expect(look(tree("a/b", { "memory.reclaim": undefined }))).toMatchObject({
      groups: [],
      left: [{ path: "a/b", reason: because("no_memory_reclaim") }],
    });
  });

  test("knows what the host lacks when no group matches", () => {
    expect(look(tree("a"), "b*"))
      .toMatchObject({ groups: [], none: because("no_such_cgroup", "b*"), isLacking: false });
    expect(look(tree("a", { "memory.reclaim": undefined }), "b*"))
      .toMatchObject({ groups: [], none: because("no_memory_reclaim"), isLacking: true });
  });
});

test("lookAtGroups() reads the limits of a group of version 2", () => {
  const tree = treeOfVersion2("a/b", {
    "memory.high": `${90 * MIB}\n`,
    "memory.max": `${95 * MIB}\n`,
    "memory.low": `${30 * MIB}\n`,
    "memory.swap.max": "0\n",
  });
  tree.write("a/memory.min", `${50 * MIB}\n`);
  tree.write("a/memory.current", `${60 * MIB}\n`);
  const [group] = look(tree).groups;
  expect(group?.sample).toMatchObject({
    maxBytes: 90 * MIB,
    protectedBytes: 30 * MIB,
    unprotected: { limit: "memory.min" },
    swapRoomBytes: 0,
  });
  expect(group!.sample.unprotected!.bytes).toBeLessThanOrEqual(10 * MIB);
});

test("lookAtGroups() adds up what groups right below protect of what they use", () => {
  const tree = treeOfVersion2("a/b");
  const groups = [["c", "low", 30, 20], ["d", "min", 5, 40], ["e", "low", 0, 7]] as const;
  for (const [name, limit, protectedMib, usedMib] of groups) {
    tree.write(`a/b/${name}/memory.${limit}`, `${protectedMib * MIB}\n`);
    tree.write(`a/b/${name}/memory.current`, `${usedMib * MIB}\n`);
  }
  // The group above it does not protect it.
  tree.write("a/b/e/f/memory.low", `${MIB}\n`);
  tree.write("a/b/e/f/memory.current", `${MIB}\n`);
  expect(look(tree).groups[0]?.sample.protectedBelowBytes).toBe(25 * MIB);
});

test("lookAtGroups() leaves groups alone that have no PSI, or whose memory is not accounted for", () => {
  const noPressure = { "memory.pressure": undefined };
  expect(look(treeOfVersion2("a/b", noPressure)).left)
    .toEqual([{ path: "a/b", reason: because("no_group_pressure", "") }]);
  const version1 = treeOfVersion1("a/b");
  version1.remove("cpuacct/a/b/io.pressure");
  expect(look(version1).left)
    .toEqual([{ path: "a/b", reason: because("no_group_pressure", ", and psi_v1=1") }]);
  expect(look(treeOfVersion2("a/b", { "memory.current": undefined })).left)
    .toEqual([{ path: "a/b", reason: because("no_memory_account") }]);
});

test("lookAtGroups() finds version 1's pressure where cpu and cpuacct are one", () => {
  const tree = treeOfVersion1("a/b");
  for (const what of ["memory", "io"]) {
    tree.write(`cpu,cpuacct/a/b/${what}.pressure`, "some avg10=1.50 avg60=0.00 avg300=0 total=0\n");
  }
  tree.remove("cpuacct");
  expect(look(tree).groups[0]?.sample.memoryPressure).toEqual({ avg10: 1.5, avg60: 0 });
});

test("lookAtGroups() says which file is not as it should be", () => {
  const broken = treeOfVersion2("a/b", { "memory.stat": "inactive_file 1\nactive_file x\n" });
  expect(() => look(broken)).toThrow(/active_file in line 2 of .*a\/b\/memory.stat/);
  const empty = treeOfVersion2("a/b", { "io.pressure": "\n" });
  expect(() => look(empty)).toThrow(/some avg10, avg60 in line 1 of .*io.pressure/);
  expect(look(treeOfVersion2("a/b", { "memory.stat": stat({}) })).groups).toHaveLength(1);
});

test.each(
  [["2", treeOfVersion2], ["1", treeOfVersion1]] as const,
)("lookAtGroups() leaves the server's group and those above it alone, by version %s", (_, of) => {
  const leftOf = (path: string) => {
    const tree = of(path);
    tree.write("proc/self/cgroup", "4:memory:/up/me.service\n0::/up/me.service\n");
    const root = own.use(tree).root;
    const { groups, left } = lookAtGroups({ pattern: path, root }, `${root}/proc`);
    return [groups.map((group) => group.path), left];
  };
  const reason = because("server_process");
  for (const path of ["up", "up/me.service"]) {
    expect(leftOf(path)).toEqual([[], [{ path, reason }]]);
  }
  for (const path of ["up/me", "up/me.service/below", "up/other", "u"]) {
    expect(leftOf(path)).toEqual([[path], []]);
  }
});

test("lookAtGroups() leaves the group at the top alone, wherever the server is", () => {
  for (const group of ["/", "/a/b"]) {
    const tree = treeOfVersion2(".");
    tree.write("proc/self/cgroup", `0::${group}\n`);
    const root = own.use(tree).root;
    expect(lookAtGroups({ pattern: "/", root }, `${root}/proc`))
      .toMatchObject({ groups: [], left: [{ path: "", reason: because("server_process") }] });
  }
});

test("lookAtGroups() says that no control groups are mounted", () => {
  expect(look(new FakeSysfs({}))).toMatchObject({ none: because("no_cgroups"), isLacking: true });
});

test("lookAtGroups() says what this machine's own control groups lack", async () => {
  const [hierarchy] = cgroupHierarchies(CGROUP_ROOT);
  await using group = hierarchy && OwnCgroup.make(hierarchy.version);
  if (group === undefined) return;
  const { groups, left } = lookAtGroups({ pattern: group.path, root: CGROUP_ROOT });
  expect(groups.length + left.length).toBe(1);
  if (!group.has("memory.reclaim")) expect(left[0]?.path).toBe(group.path);
});
