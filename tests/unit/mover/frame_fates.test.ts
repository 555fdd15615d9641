import { describe, expect, test } from "bun:test";
import { closeSync, fsyncSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { MovedSet } from "../../../src/mover/moved_set.ts";
import { PROCESS_MADVISE } from "../../../src/mover/mover_process_madvise.ts";
import { pageOut, type PageOutAccount } from "../../../src/mover/page_out.ts";
import { pageOf } from "../../../src/procfs/pagemap.ts";
import { compile } from "../../tools/fixtures/compile.ts";
import { OpenProcess } from "../../tools/fixtures/open_process.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { TemporaryZram } from "../../tools/fixtures/temporary_zram.ts";
import type { Reason } from "../../../src/reason/reasons.ts";

const PAGE = 4096;
const MIB = 2 ** 20;

const missing = PROCESS_MADVISE.missing() ??
  (process.getuid?.() === 0 ? undefined : "this is not root");
if (missing !== undefined) console.log(`FrameFates: left out: ${missing}`);

/** Pages an area of the target out, whose memory is of a kind. */
async function pageOutAll(kind: string, count: number): Promise<PageOutAccount> {
  const executable = compile(join(import.meta.dir, "../../tools/fixtures/unmapped_target.c"));
  const child = Bun.spawn([executable, kind, String(count)], { stdout: "pipe" });
  try {
    const { value } = await child.stdout.getReader().read();
    const from = pageOf(Number(new TextDecoder().decode(value)));
    using process = new OpenProcess(child.pid);
    using mover = PROCESS_MADVISE.open(process);
    let at = 0;
    const account = pageOut({
      next: (batch, room) => {
        for (; at < count && batch.pages < room; at++) {
          batch.page[batch.count] = from + at;
          batch.size[batch.count++] = 1;
          batch.pages++;
        }
      },
      hold: () => undefined,
      rest: () => {},
      dirFd: process.dirFd,
      mover,
      pagemap: process.pagemap,
      moved: MovedSet.fromData({ numbers: new Float64Array(0), bits: new Uint32Array(0) }),
    });
    const refused = [...account.refused.values()].reduce((sum, pages) => sum + pages, 0);
    expect(account.asked).toBe(account.moved + refused);
    expect(account.errors).toEqual([]);
    return account;
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

describe.skipIf(missing !== undefined)("pageOut() looks at frames and", () => {
  test("calls nothing moved that swap space does not take, and holds the rest", async () => {
    using swap = TemporaryZram.make(128 * MIB, 4 * MIB);
    if (swap.missing !== undefined) return console.log(`left out: ${swap.missing}`);
    const count = 32 * MIB / PAGE;
    const account = await pageOutAll("random", count);
    // The device takes a few batches, then none.
    expect(account.moved).toBeGreaterThan(0);
    expect(account.moved).toBeLessThan(8 * MIB / PAGE);
    expect(account.refused.get("could not be written to swap" as Reason)).toBeGreaterThan(0);
    expect(account.held).toBe("swap space cannot be written" as Reason);
    expect(account.asked).toBeLessThan(count);
  });

  test("counts what MADV_FREE gave up as moved", async () => {
    const account = await pageOutAll("free", 2000);
    expect(account.moved).toBeGreaterThanOrEqual(2000 * 0.95);
    expect(account.refused.has("unmapped meanwhile" as Reason)).toBe(false);
  });

  test("counts clean pages of a file as moved, dirty ones as still in the page cache", async () => {
    using folder = new ScratchFolder();
    const file = folder.at("file");
    const content = new Uint8Array(1000 * PAGE).fill(7);
    writeFileSync(file, content);
    const dirty = await pageOutAll(file, 1000);
    // Nobody has written them to the disk so far: the kernel takes them from the process and keeps
    // them, and lets large folios alone that lie in the area with a part only.
    expect(dirty.refused.get("still in the page cache" as Reason)).toBeGreaterThan(0);
    expect(dirty.moved).toBe(0);
    const fd = openSync(file, "r+");
    writeSync(fd, content);
    fsyncSync(fd);
    closeSync(fd);
    const clean = await pageOutAll(file, 1000);
    expect(clean.moved).toBeGreaterThan(0);
  });
});
