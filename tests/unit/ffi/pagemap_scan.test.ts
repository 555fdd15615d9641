import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE } from "../../../ffi/libc.ts";
import { PAGE_REGION, PAGEMAP_SCAN, PagemapScan, PM_SCAN_ARG } from "../../../ffi/pagemap_scan.ts";
import { hasPagemapScan } from "../../tools/fixtures/has_pagemap_scan.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";

/** What the C compiler makes of linux/fs.h; undefined where the header is older than Linux 6.7. */
function layout(): Record<string, number> | undefined {
  using folder = new ScratchFolder();
  const { size, start, end, walk_end, vec, vec_len, category_mask, return_mask } = PM_SCAN_ARG;
  const members = { size, start, end, walk_end, vec, vec_len, category_mask, return_mask };
  const lines = Object.keys(members).map((name) =>
    `printf("\\"${name}\\": %zu, ", offsetof(struct pm_scan_arg, ${name}) / 8);`
  );
  const source = folder.at("layout.c");
  writeFileSync(
    source,
    `#include <linux/fs.h>
#include <stddef.h>
#include <stdio.h>
int main(void) {
#ifdef PAGEMAP_SCAN
printf("{"); ${lines.join(" ")}
printf("\\"members\\": %zu, ", sizeof(struct pm_scan_arg) / 8);
printf("\\"region\\": %zu, ", sizeof(struct page_region));
printf("\\"region_end\\": %zu, ", offsetof(struct page_region, end));
printf("\\"command\\": %lu}", (unsigned long)PAGEMAP_SCAN);
#endif
return 0; }`,
  );
  const program = folder.at("layout");
  const gcc = Bun.spawnSync(["gcc", "-o", program, source]);
  if (!gcc.success) throw new Error(gcc.stderr.toString());
  const text = Bun.spawnSync([program]).stdout.toString();
  return text === "" ? undefined : JSON.parse(text) as Record<string, number>;
}

/** Bytes of the C heap of this process, as far as it has grown (brk(2)). */
function heapBytes(): number {
  const [, start, end] = /^([\da-f]+)-([\da-f]+) .*\[heap\]$/m.exec(
    readFileSync("/proc/self/maps", "utf8"),
  ) ?? [];
  return Number(`0x${end ?? 0}`) - Number(`0x${start ?? 0}`);
}

describe("PagemapScan", () => {
  test("leaves nothing in the C heap, which outlives the worker thread that it was made in", () => {
    const before = heapBytes();
    const scans = Array.from({ length: 2_000 }, () => new PagemapScan());
    expect(heapBytes() - before).toBeLessThan(4 * 2 ** 20);
    expect(scans).toHaveLength(2_000);
  });

  const known = layout();
  test.skipIf(known === undefined)("has the layout of linux/fs.h", () => {
    const { members, ...offsets } = PM_SCAN_ARG;
    const { sizeBytes: region, end: region_end } = PAGE_REGION;
    expect(known).toEqual({ ...offsets, members, region, region_end, command: PAGEMAP_SCAN });
  });

  test.skipIf(!hasPagemapScan())("findPresent() passes over a terabyte of nothing", async () => {
    using trial = await TargetProcess.start({ reserveBytes: 2 ** 40, hot: "none" });
    const { start, end } = trial.area;
    const fd = openAt(AT_FDCWD, `/proc/${trial.pid}/pagemap`, O_RDONLY);
    const scan = new PagemapScan();
    expect(scan.findPresent(fd, start, end)).toBe(1);
    expect([scan.start(0), scan.end(0), scan.walkEnd]).toEqual([start, end, end]);
    // 64 stray pages, and a hole that would take a second to read with read(2)
    const all = scan.findPresent(fd, start - 2 ** 38, start + 2 ** 38)!;
    expect(all).toBeGreaterThan(1);
    expect(all).toBeLessThanOrEqual(65);
    const isArea = Array.from(
      { length: all },
      (_, i) => scan.start(i) <= start && scan.end(i) >= end,
    );
    expect(isArea.filter(Boolean).length).toBe(1);
    expect(() => scan.findPresent(-1, 0, PAGE_SIZE)).toThrow("EBADF");
    await trial.end();
    expect(() => scan.findPresent(fd, start, end)).toThrow("ESRCH");
    close(fd);
  });
});
