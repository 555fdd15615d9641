import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { lookAtGroups } from "../../../../src/engine/psi/look_at_groups.ts";
import { reclaimGroup, reclaimInChunks } from "../../../../src/engine/psi/reclaim_group.ts";
import { StopFlag } from "../../../../src/engine/round/stop_flag.ts";
import { MIB, treeOfVersion1, treeOfVersion2 } from "./group_tree.ts";

/** The calls of a reclaim of so many MiB, in MiB, where each takes that long. */
function chunksOf(
  mib: number,
  { ms = () => 1, room = Infinity, found = () => true, stopAfter = Infinity }: {
    readonly ms?: (chunk: number) => number;
    readonly room?: number;
    readonly found?: () => boolean;
    readonly stopAfter?: number;
  } = {},
): { chunks: number[]; asked: number } {
  const chunks: number[] = [];
  let now = 0;
  const asked = reclaimInChunks(mib * MIB, {
    room: () => (room - chunks.reduce((sum, chunk) => sum + chunk, 0)) * MIB,
    isStopped: () => chunks.length >= stopAfter,
    reclaim: (bytes) => {
      chunks.push(bytes / MIB);
      now += ms(bytes / MIB);
      return found();
    },
  }, () => now);
  return { chunks, asked: asked / MIB };
}

describe("reclaimInChunks()", () => {
  test("asks for 32 MiB at most", () => {
    expect(chunksOf(100)).toEqual({ chunks: [4, 8, 16, 32, 32, 8], asked: 100 });
  });

  test("asks for less where the kernel takes long, and never for less than 1 MiB", () => {
    const { chunks } = chunksOf(20, { ms: (chunk) => 150 * chunk });
    expect(chunks.slice(0, 4)).toEqual([4, 2, 1, 1]);
    expect(Math.min(...chunks)).toBe(1);
  });

  test("ends when the kernel finds less (EAGAIN)", () => {
    expect(chunksOf(100, { found: () => false })).toEqual({ chunks: [4], asked: 4 });
  });

  test("ends when nothing more may go", () => {
    expect(chunksOf(100, { room: 10 })).toEqual({ chunks: [4, 6], asked: 10 });
    expect(chunksOf(100, { room: -1 })).toEqual({ chunks: [], asked: 0 });
  });

  test("ends between two chunks when the task is stopped", () => {
    expect(chunksOf(100, { stopAfter: 2 })).toEqual({ chunks: [4, 8], asked: 12 });
  });
});

describe.each(
  [["2", treeOfVersion2, ""], ["1", treeOfVersion1, "memory/"]] as const,
)("reclaimGroup() with control groups of version %s", (_, tree, below) => {
  test("writes to memory.reclaim, unless the group is another one or the task is stopped", () => {
    using files = tree("a");
    const { hierarchy, groups: [group] } = lookAtGroups({ pattern: "a", root: files.root });
    const request = {
      hierarchy: hierarchy!,
      path: "a",
      id: group!.id,
      bytes: 3 * MIB,
      limitBytes: 10 * MIB,
      stop: new StopFlag().words,
    };
    const written = (): string => readFileSync(`${files.root}/${below}a/memory.reclaim`, "latin1");
    expect(reclaimGroup({ ...request, id: group!.id + 1 }).askedBytes).toBe(0);
    const stopped = new StopFlag();
    void stopped.raise();
    expect(reclaimGroup({ ...request, stop: stopped.words }).askedBytes).toBe(0);
    expect(reclaimGroup({ ...request, limitBytes: 100 * MIB }).askedBytes).toBe(0);
    expect(reclaimGroup({ ...request, path: "gone" }).askedBytes).toBe(0);
    expect(written()).toBe("");
    // Nothing has gone: these are only files.
    expect(reclaimGroup(request)).toMatchObject({ askedBytes: 3 * MIB, reclaimedBytes: 0 });
    expect(written()).toBe(String(3 * MIB));
  });
});

test("reclaimGroup() asks for nothing that is protected", () => {
  using files = treeOfVersion2("a", { "memory.low": `${60 * MIB}\n` });
  const { hierarchy, groups: [group] } = lookAtGroups({ pattern: "a", root: files.root });
  const request = {
    hierarchy: hierarchy!,
    path: "a",
    id: group!.id,
    bytes: 3 * MIB,
    limitBytes: 0,
    stop: new StopFlag().words,
  };
  expect(reclaimGroup(request).askedBytes).toBe(3 * MIB);
  files.write("a/memory.current", `${60 * MIB}\n`);
  expect(reclaimGroup(request).askedBytes).toBe(0);
});
