import { afterAll, describe, expect, test } from "bun:test";
import { AT_FDCWD, close, O_RDONLY, openAt } from "../../../ffi/libc.ts";
import { type MemoryRoom, readMemoryRoom } from "../../../src/procfs/memory_room.ts";
import { FakeSysfs } from "./fake_nodes.ts";

const own = new DisposableStack();
afterAll(() => own.dispose());

/** A process in the group /a/b with these files. */
function roomOf(files: Readonly<Record<string, string>>): MemoryRoom | undefined {
  const tree = own.use(new FakeSysfs({ ...files, "proc/cgroup": "0::/a/b\n" }));
  const dirFd = openAt(AT_FDCWD, `${tree.root}/proc`, O_RDONLY);
  try {
    return readMemoryRoom(dirFd, tree.root);
  } finally {
    close(dirFd);
  }
}

describe("readMemoryRoom()", () => {
  test("is what the narrowest limit leaves, page cache included", () => {
    expect(roomOf({
      "a/b/memory.max": "9000\n",
      "a/b/memory.current": "5000\n",
      "a/memory.max": "max\n",
      "a/memory.high": "6000\n",
      "a/memory.current": "5500\n",
      "a/memory.stat": "anon 1\ninactive_file 700\nactive_file 300\nfile 4000\n",
    })).toEqual({ bytes: 1500, limit: "memory.high" });
  });

  test("is undefined without a limit", () => {
    expect(roomOf({ "a/b/memory.max": "max\n", "a/b/memory.high": "max\n" })).toBeUndefined();
  });
});
