import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { parseMmStat, readZram } from "../../../src/procfs/zram.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

const MM_STAT = "13688832  4925128  5103616  8388608  5103616  0  0  0  0\n";

describe("zram", () => {
  test("readZram() says what a device holds and takes", () => {
    using sys = new ScratchFolder();
    const write = (name: string, text: string): void => {
      mkdirSync(sys.at("block/zram7"), { recursive: true });
      writeFileSync(sys.at(`block/zram7/${name}`), text);
    };
    expect(readZram("zram7", sys.path)).toBeUndefined();
    write("mm_stat", MM_STAT);
    const sizes = { storedBytes: 13_688_832, storeBytes: 5_103_616 };
    expect(readZram("zram7", sys.path)).toEqual({ ...sizes, limitBytes: 8_388_608 });
    write("mm_stat", MM_STAT.replace("8388608", "0"));
    write("comp_algorithm", "lzo [lzo-rle] lz4 \n");
    write("backing_dev", "none\n");
    expect(readZram("zram7", sys.path)).toEqual({ ...sizes, algorithm: "lzo-rle" });
    write("backing_dev", "/dev/vdc\n");
    expect(readZram("zram7", sys.path)?.backingDevice).toBe("/dev/vdc");
  });

  test("parseMmStat() refuses what is no list of numbers", () => {
    for (const text of ["", "1 2 3", "1 2 x 4"]) {
      expect(() => parseMmStat(text)).toThrow("orig_data_size to mem_limit in line 1 of mm_stat");
    }
  });
});
