import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { readZswap } from "../../../src/procfs/zswap.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

/** A tree of files in the place of procfs and sysfs. */
function tree(folder: ScratchFolder, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(folder.at(path.replace(/\/?[^/]*$/, "")), { recursive: true });
    writeFileSync(folder.at(path), text);
  }
}

const PARAMETERS = "module/zswap/parameters";

describe("readZswap()", () => {
  test("is undefined where the kernel has none", () => {
    using folder = new ScratchFolder();
    expect(readZswap(folder.path, folder.path)).toBeUndefined();
  });

  test("takes its sizes from meminfo", () => {
    using folder = new ScratchFolder();
    tree(folder, {
      [`${PARAMETERS}/enabled`]: "Y\n",
      [`${PARAMETERS}/compressor`]: "lz4\n",
      [`${PARAMETERS}/max_pool_percent`]: "20\n",
      "meminfo": "MemTotal:  1 kB\nZswap:            100 kB\nZswapped:         300 kB\n",
    });
    expect(readZswap(folder.path, folder.path)).toEqual({
      isEnabled: true,
      compressor: "lz4",
      maxPoolPercent: 20,
      storedBytes: 300 * 1024,
      storeBytes: 100 * 1024,
    });
  });

  test("takes its sizes from debugfs on kernels before 5.19, and as 0 without it", () => {
    using folder = new ScratchFolder();
    tree(folder, { [`${PARAMETERS}/enabled`]: "N\n", "meminfo": "MemTotal:  1 kB\n" });
    const nothing = { isEnabled: false, storedBytes: 0, storeBytes: 0 };
    expect(readZswap(folder.path, folder.path)).toEqual(nothing);
    tree(folder, {
      "kernel/debug/zswap/stored_pages": "3\n",
      "kernel/debug/zswap/pool_total_size": "8192\n",
    });
    expect(readZswap(folder.path, folder.path)).toEqual({
      isEnabled: false,
      storedBytes: 3 * PAGE_SIZE,
      storeBytes: 8192,
    });
  });
});
