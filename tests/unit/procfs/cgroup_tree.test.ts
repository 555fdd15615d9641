import { afterAll, describe, expect, test } from "bun:test";
import {
  CGROUP_ROOT,
  cgroupHierarchies,
  matchingGroups,
  membersOf,
} from "../../../src/procfs/cgroup_tree.ts";
import { OwnCgroup } from "../../tools/fixtures/own_cgroup.ts";
import { FakeSysfs } from "./fake_nodes.ts";

const own = new DisposableStack();
afterAll(() => own.dispose());

const treeOf = (files: Readonly<Record<string, string>>): string =>
  own.use(new FakeSysfs(files)).root;

/** Groups with these processes: the lines of their cgroup.procs. */
function groups(members: Readonly<Record<string, readonly number[]>>, below = ""): string {
  return treeOf({
    [`${below}cgroup.controllers`]: "memory\n",
    ...Object.fromEntries(
      Object.entries(members).map(([path, pids]) => [
        `${below}${path}/cgroup.procs`,
        pids.map((pid) => `${pid}\n`).join(""),
      ]),
    ),
  });
}

const match = (pattern: string, root: string): readonly string[] =>
  matchingGroups(pattern, cgroupHierarchies(root))?.paths ?? [];

describe("cgroupHierarchies()", () => {
  const V1 = { "memory/cgroup.procs": "" };

  test("knows version 2 alone, and a group of it that is called memory", () => {
    const root = treeOf({ "cgroup.controllers": "", ...V1 });
    expect(cgroupHierarchies(root)).toEqual([{ version: 2, folder: root }]);
  });

  test("knows version 1, and version 2 beside it", () => {
    const root = treeOf(V1);
    expect(cgroupHierarchies(root)).toEqual([{ version: 1, folder: `${root}/memory` }]);
    const hybrid = treeOf({ ...V1, "unified/cgroup.controllers": "" });
    expect(cgroupHierarchies(hybrid)).toEqual([
      { version: 1, folder: `${hybrid}/memory` },
      { version: 2, folder: `${hybrid}/unified` },
    ]);
  });

  test("finds nothing where nothing is mounted", () => {
    expect(cgroupHierarchies(treeOf({}))).toEqual([]);
    expect(cgroupHierarchies("/nowhere")).toEqual([]);
  });
});

describe("matchingGroups()", () => {
  const root = groups({
    "a": [],
    "kubepods.slice": [],
    "kubepods.slice/kubepods-burstable.slice": [],
    "kubepods.slice/kubepods-burstable.slice/pod1": [],
    "kubepods.slice/kubepods-besteffort.slice": [],
    "user@7.service": [],
    "user@1000.service": [],
    "dev-a\\x2db.swap": [],
    "{x,y}(z)": [],
  });

  test.each([
    ["a", ["a"]],
    ["kubepods.slice/*burstable*", ["kubepods.slice/kubepods-burstable.slice"]],
    ["*/*/pod?", ["kubepods.slice/kubepods-burstable.slice/pod1"]],
    ["user@[0-9].service", ["user@7.service"]],
    ["user@[!0-9]*", []],
    ["user@*", ["user@1000.service", "user@7.service"]],
    ["dev-a\\x2db.swap", ["dev-a\\x2db.swap"]],
    ["dev*\\x2d*", ["dev-a\\x2db.swap"]],
    ["{x,y}(?)", ["{x,y}(z)"]],
    ["{user@7.service,a}*", []],
    ["kubepods", []],
    ["b", []],
    ["*burstable*", []],
    // a file, not a group
    ["a/cgroup.procs", []],
    ["a/*", []],
  ])("%s matches %j", (pattern, paths) => {
    expect(match(pattern, root)).toEqual(paths);
  });

  test("takes the hierarchy of version 2 where that of version 1 has no such group", () => {
    const hybrid = treeOf({
      "memory/cgroup.procs": "",
      "memory/both/cgroup.procs": "1\n",
      "unified/cgroup.controllers": "",
      "unified/both/cgroup.procs": "2\n",
      "unified/only/cgroup.procs": "3\n",
    });
    const versions = ["both", "only"].map((pattern) =>
      matchingGroups(pattern, cgroupHierarchies(hybrid))?.hierarchy.version
    );
    expect(versions).toEqual([1, 2]);
  });
});

describe("membersOf()", () => {
  const members = (pattern: string, root: string) => {
    const found = matchingGroups(pattern, cgroupHierarchies(root));
    return found && membersOf(found);
  };

  test("reads the groups that match and all below them, each process once", () => {
    const root = groups({ a: [10], "a/b": [11, 12], "a/b/c": [13, 10], b: [14] });
    expect(members("a", root)).toEqual({ pids: new Set([10, 11, 12, 13]), foreign: 0 });
    expect(members("*", root)).toEqual({ pids: new Set([10, 14, 11, 12, 13]), foreign: 0 });
    expect(members("b", root)).toEqual({ pids: new Set([14]), foreign: 0 });
  });

  test("counts processes of another pid namespace, which the kernel shows as 0", () => {
    expect(members("a", groups({ a: [0, 10, 0] }))).toEqual({ pids: new Set([10]), foreign: 2 });
  });

  test("goes on where a group is removed meanwhile", () => {
    const hierarchies = cgroupHierarchies(groups({ a: [10], b: [11] }));
    const found = matchingGroups("*", hierarchies)!;
    const more = { ...found, paths: [...found.paths, "gone"] };
    expect(membersOf(more).pids).toEqual(new Set([11, 10]));
  });

  test("throws what else goes wrong", () => {
    const root = groups({ a: [10] });
    const broken = treeOf({ "cgroup.controllers": "", "a/cgroup.procs/folder": "" });
    expect(members("a", root)?.pids.size).toBe(1);
    expect(() => members("a", broken)).toThrow("EISDIR");
  });
});

describe.each([1, 2] as const)("real control groups of version %d", (version) => {
  test("have the processes that were put there", async () => {
    await using group = OwnCgroup.make(version);
    if (group === undefined) return;
    group.child("deep/er");
    group.child("deep2");
    const [outer, inner] = [1, 2].map(() => Bun.spawn(["sleep", "600"]));
    try {
      group.add(outer!.pid);
      group.add(inner!.pid, "deep/er");
      const find = (pattern: string) => {
        const found = matchingGroups(pattern, cgroupHierarchies(CGROUP_ROOT));
        return found && [found.paths, [...membersOf(found).pids].sort((a, b) => a - b)];
      };
      const both = [outer!.pid, inner!.pid].sort((a, b) => a - b);
      expect(find(group.path)).toEqual([[group.path], both]);
      expect(find(`${group.path.slice(0, -2)}*`)).toEqual([[group.path], both]);
      expect(find(`${group.path}/deep*`)).toEqual([
        [`${group.path}/deep`, `${group.path}/deep2`],
        [inner!.pid],
      ]);
      expect(find(`${group.path}/none`)).toBeUndefined();
    } finally {
      for (const process of [outer!, inner!]) {
        process.kill("SIGKILL");
        await process.exited;
      }
    }
  });

  test.if(version === 2)(
    "leave the processes of a threaded group to the one above it",
    async () => {
      await using group = OwnCgroup.make(version);
      if (group === undefined) return;
      group.child("threads");
      const process = Bun.spawn(["sleep", "600"]);
      try {
        group.write("threads/cgroup.type", "threaded");
        group.add(process.pid);
        group.write("threads/cgroup.threads", String(process.pid));
        const membersLike = (
          pattern: string,
        ) => [...membersOf(matchingGroups(pattern, cgroupHierarchies(CGROUP_ROOT))!).pids];
        expect(membersLike(group.path)).toEqual([process.pid]);
        expect(membersLike(`${group.path}/threads`)).toEqual([]);
      } finally {
        process.kill("SIGKILL");
        await process.exited;
      }
    },
  );
});
