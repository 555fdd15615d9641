import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { growthOf, readSwapStores, type StoreSizes } from "../../../src/procfs/swap_stores.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

const sizes = (storedBytes: number, storeBytes: number): StoreSizes => ({
  storedBytes,
  storeBytes,
});

describe("swap_stores", () => {
  test("readSwapStores() has zswap and the zram devices that are swap space", () => {
    using folder = new ScratchFolder();
    for (const name of ["zram0", "zram1"]) {
      mkdirSync(folder.at(`block/${name}`), { recursive: true });
      writeFileSync(folder.at(`block/${name}/mm_stat`), "300 90 100 0 100 0 0 0 0\n");
    }
    writeFileSync(folder.at("meminfo"), "MemTotal: 1 kB\nZswap: 1 kB\nZswapped: 3 kB\n");
    writeFileSync(
      folder.at("swaps"),
      "Filename Type Size Used Priority\n/dev/zram1 partition 1 0 1\n/dev/vdb partition 1 0 0\n",
    );
    const stores = readSwapStores(folder.path, folder.path);
    expect([...stores.keys()]).toEqual(["zswap", "zram1"]);
    expect(stores.get("zswap")).toMatchObject(sizes(3072, 1024));
    expect(stores.get("zram1")).toMatchObject(sizes(300, 100));
  });

  test("growthOf() adds up stores that came, and leaves out those that have gone", () => {
    const before = new Map([["zswap", sizes(10, 5)], ["zram0", sizes(100, 50)]]);
    const after = new Map([["zswap", sizes(30, 9)], ["zram1", sizes(8, 2)]]);
    expect(growthOf(before, after)).toEqual(sizes(28, 6));
  });
});
