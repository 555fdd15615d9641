import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { readSwapDetails } from "../../../src/daemon/swap_status.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

const SWAPS = "Filename\tType\tSize\tUsed\tPriority\n" +
  "/var/swap\\040file file 1024 0 -2\n" +
  "/dev/zram0 partition 2048 1024 100\n";

function write(folder: ScratchFolder, path: string, text: string): void {
  mkdirSync(folder.at(path.replace(/\/?[^/]*$/, "")), { recursive: true });
  writeFileSync(folder.at(path), text);
}

describe("readSwapDetails()", () => {
  test("shows each area in the order of use, with what zram and zswap take", () => {
    using folder = new ScratchFolder();
    write(folder, "swaps", SWAPS);
    write(folder, "block/zram0/mm_stat", "1000 400 500 0 500 0 0 0 0\n");
    write(folder, "block/zram0/comp_algorithm", "[lz4]\n");
    write(folder, "module/zswap/parameters/enabled", "N\n");
    write(folder, "meminfo", "MemTotal: 1 kB\nZswap: 1 kB\nZswapped: 3 kB\n");
    expect(readSwapDetails(folder.path, folder.path)).toEqual({
      store_bytes: 1524,
      areas: [
        {
          path: "/dev/zram0",
          kind: "zram",
          priority: 100,
          total_bytes: 2048 * 1024,
          used_bytes: 1024 * 1024,
          zram: { algorithm: "lz4", stored_bytes: 1000, store_bytes: 500 },
        },
        {
          path: "/var/swap\\040file",
          kind: "file",
          priority: -2,
          total_bytes: 1024 * 1024,
          used_bytes: 0,
        },
      ],
      zswap: { enabled: false, stored_bytes: 3072, store_bytes: 1024 },
    });
  });

  test("leaves zswap out that holds nothing, and everything that cannot be read", () => {
    using folder = new ScratchFolder();
    write(folder, "swaps", SWAPS.split("\n")[0]!);
    write(folder, "module/zswap/parameters/enabled", "N\n");
    write(folder, "meminfo", "MemTotal: 1 kB\nZswap: 0 kB\nZswapped: 0 kB\n");
    expect(readSwapDetails(folder.path, folder.path)).toEqual({ store_bytes: 0, areas: [] });
    write(folder, "swaps", `${SWAPS}nonsense\n`);
    expect(readSwapDetails(folder.path, folder.path)).toEqual({});
  });
});
