import { afterAll, describe, expect, test } from "bun:test";
import { AT_FDCWD, close, O_RDONLY, openAt } from "../../../ffi/libc.ts";
import { readSwapRoom, type SwapRoom } from "../../../src/procfs/swap_room.ts";
import { FakeSysfs } from "./fake_nodes.ts";

const own = new DisposableStack();
afterAll(() => own.dispose());

/** Control groups with these files, and a process that is in one of them. */
function roomOf(cgroup: string, files: Readonly<Record<string, string>>): SwapRoom | undefined {
  const tree = own.use(new FakeSysfs({ ...files, "proc/cgroup": cgroup }));
  const dirFd = openAt(AT_FDCWD, `${tree.root}/proc`, O_RDONLY);
  try {
    return readSwapRoom(dirFd, tree.root);
  } finally {
    close(dirFd);
  }
}

describe("readSwapRoom()", () => {
  test("knows a group that may not swap", () => {
    const files = { "a/b/memory.swap.max": "0\n", "a/b/memory.swap.current": "0\n" };
    expect(roomOf("0::/a/b\n", files))
      .toEqual({ bytes: 0, limitBytes: 0, limit: "memory.swap.max" });
  });

  test("takes the narrowest of a group and those above it", () => {
    expect(roomOf("4:memory:/x\n0::/a/b/c\n", {
      "a/b/c/memory.swap.max": "max\n",
      "a/b/memory.swap.max": "1000\n",
      "a/b/memory.swap.current": "100\n",
      "a/memory.swap.max": "5000\n",
      "a/memory.swap.current": "4500\n",
    })).toEqual({ bytes: 500, limitBytes: 5000, limit: "memory.swap.max" });
  });

  test("does not go above memory.swap.high, where the kernel holds processes up", () => {
    expect(roomOf("0::/a\n", {
      "a/memory.swap.max": "9000\n",
      "a/memory.swap.high": "2000\n",
      "a/memory.swap.current": "3000\n",
    })).toEqual({ bytes: 0, limitBytes: 2000, limit: "memory.swap.high" });
  });

  test("finds groups of version 2 beside those of version 1, and any name", () => {
    expect(roomOf("1:cpu:/\n0::/ä b\n", { "unified/ä b/memory.swap.max": "7\n" }))
      .toMatchObject({ bytes: 7 });
  });

  test("is undefined where nothing limits, or nothing can be read", () => {
    expect(roomOf("0::/a\n", { "a/memory.swap.max": "max\n" })).toBeUndefined();
    expect(roomOf("0::/\n", { "memory.swap.max": "0\n" })).toBeUndefined();
    expect(roomOf("0::/../b\n", {})).toBeUndefined();
    expect(roomOf("4:memory:/a\n", { "memory/a/memory.memsw.limit_in_bytes": "0" }))
      .toBeUndefined();
    expect(roomOf("0::/a\n", { "a/memory.swap.max": "several\n" })).toBeUndefined();
    expect(roomOf("0::/a\n", { "a/memory.swap.max/folder": "" })).toBeUndefined();
  });
});
