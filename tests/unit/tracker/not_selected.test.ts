import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { readNotSelected } from "../../../src/tracker/not_selected.ts";
import type { VmaSelection } from "../../../src/tracker/vma_selection.ts";
import { compile } from "../../tools/fixtures/compile.ts";
import { OpenProcess } from "../../tools/fixtures/open_process.ts";

const MIB = 2 ** 20;
const SHARED = "shared mapping: only private memory is moved";

/** What a selection leaves out of a process of shared_memory.c. */
async function notSelected(
  options: readonly string[],
  selection: VmaSelection,
): Promise<ReadonlyMap<string, number> | undefined> {
  const program = compile(join(import.meta.dir, "shared_memory.c"));
  const child = Bun.spawn([program, ...options], { stdout: "pipe" });
  try {
    await child.stdout.getReader().read();
    using opened = new OpenProcess(child.pid);
    return readNotSelected(opened.dirFd, selection);
  } finally {
    child.kill();
    await child.exited;
  }
}

describe("readNotSelected()", () => {
  test("says how much is shared memory, and how much program code", async () => {
    const found = await notSelected([], { kind: "swappable" });
    expect(found?.get(SHARED)).toBe(8 * MIB);
    expect(found?.get("program code and files")).toBeGreaterThan(0);
    expect(found?.size).toBe(2);
  });

  test("knows that a private mapping of shared memory is taken", async () => {
    expect((await notSelected(["private"], { kind: "swappable" }))?.has(SHARED)).toBe(false);
  });

  test("leaves nothing out of a selection of all VMAs", async () => {
    const all = { kind: "flagged", vmFlags: [], anonOnly: false } as const;
    expect(await notSelected([], all)).toEqual(new Map());
  });

  test("is undefined when the process is gone", async () => {
    const child = Bun.spawn(["sleep", "60"]);
    using opened = new OpenProcess(child.pid);
    child.kill();
    await child.exited;
    expect(readNotSelected(opened.dirFd, { kind: "swappable" })).toBeUndefined();
  });
});
