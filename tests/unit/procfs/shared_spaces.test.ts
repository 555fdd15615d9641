import { describe, expect, test } from "bun:test";
import { compareSpaces } from "../../../ffi/kcmp.ts";
import { SystemCallError } from "../../../ffi/errno.ts";
import { partBySpace } from "../../../src/procfs/shared_spaces.ts";
import { AddressSpace } from "../../tools/fixtures/address_space.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";

const ESRCH = 3;

/** Processes of some address spaces, the number of each; all begin at the same addresses. */
function inSpaces(
  ...spaces: readonly number[]
): { pid: number; memoryId: string; space: number }[] {
  return spaces.map((space, i) => ({ pid: i + 1, memoryId: "1:2", space }));
}

describe("partBySpace()", () => {
  test("keeps the first process of each address space, and compares few", () => {
    const spaces = Array.from({ length: 1000 }, (_, i) => (i * 379) % 500);
    const processes = inSpaces(...spaces);
    let compared = 0;
    const { own, shared } = partBySpace(processes, (one, other) => {
      compared++;
      const [a, b] = [spaces[one - 1]!, spaces[other - 1]!];
      return a === b ? 0 : a < b ? -1 : 1;
    });
    expect(own).toEqual(processes.slice(0, 500));
    expect(shared).toEqual(processes.slice(500));
    expect(compared).toBeLessThan(1000 * 10);
  });

  test("compares none whose memory begins elsewhere, or whose first thread has ended", () => {
    const processes = [
      { pid: 1, memoryId: "1:2" },
      { pid: 2, memoryId: "1:3" },
      { pid: 3, memoryId: "0:0" },
      { pid: 4, memoryId: "0:0" },
    ];
    const none = (): never => {
      throw new Error("these were compared");
    };
    expect(partBySpace(processes, none)).toEqual({ own: processes, shared: [] });
  });

  test("takes those for different that the kernel does not compare", () => {
    const processes = inSpaces(1, 1, 1);
    const gone = (): never => {
      throw new SystemCallError("kcmp", ESRCH);
    };
    expect(partBySpace(processes, gone)).toEqual({ own: processes, shared: [] });
  });

  test("tells clone(2) with CLONE_VM from fork(2) by real processes", async () => {
    await using sharers = await AddressSpace.start("shared", 1);
    const both = [sharers.pid, sharers.other].map((pid) => ({ pid, memoryId: "1:2" }));
    expect(partBySpace(both)).toEqual({ own: both.slice(0, 1), shared: both.slice(1) });
    using forked = await TargetProcess.start({ hot: "none", children: 2 });
    const pids = [forked.pid, ...forked.target.processes().map(({ pid }) => pid)];
    const all = pids.map((pid) => ({ pid, memoryId: "1:2" }));
    expect(all.length).toBe(3);
    expect(partBySpace(all).shared).toEqual([]);
    expect(compareSpaces(process.pid, process.pid)).toBe(0);
  });
});
