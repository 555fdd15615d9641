import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { kindOfSwap, parseSwaps, readSwaps, type SwapArea } from "../../../src/procfs/swaps.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

const TEXT = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n" +
  "/dev/sda2                               partition\t2097148\t\t512\t\t-2\n" +
  "/var/swap\\040file                       file\t\t1024\t\t0\t\t5\n" +
  "/dev/zram0                              partition\t8388604\t\t60\t\t100\n";

const areaOf = (path: string, type = "partition"): SwapArea => {
  return { path, type, bytes: 0, usedBytes: 0, priority: 0 };
};

describe("swaps", () => {
  test("parseSwaps() gives sizes in bytes", () => {
    expect(parseSwaps(TEXT)[0]).toEqual({
      path: "/dev/sda2",
      type: "partition",
      bytes: 2_097_148 * 1024,
      usedBytes: 512 * 1024,
      priority: -2,
    });
    expect(parseSwaps(TEXT.split("\n")[0]!)).toEqual([]);
  });

  test("parseSwaps() says in which line it cannot go on", () => {
    expect(() => parseSwaps(`${TEXT}/dev/sdb1 partition many 0 1\n`)).toThrow(
      "Cannot read path, type, size, used, priority in line 5 of swaps",
    );
  });

  test("readSwaps() gives those first that are filled first", () => {
    using folder = new ScratchFolder();
    writeFileSync(folder.at("swaps"), TEXT);
    expect(readSwaps(folder.path).map(({ priority }) => priority)).toEqual([100, 5, -2]);
  });

  test("kindOfSwap() tells zram, zswap, disks and files apart", () => {
    using folder = new ScratchFolder();
    const write = (path: string, text: string): void => {
      mkdirSync(folder.at(path.replace(/\/[^/]*$/, "")), { recursive: true });
      writeFileSync(folder.at(path), text);
    };
    const kinds = (): string[] => [
      kindOfSwap(areaOf("/dev/zram3"), folder.path),
      kindOfSwap(areaOf("/dev/sda2"), folder.path),
      kindOfSwap(areaOf("/dev/vdb"), folder.path),
      kindOfSwap(areaOf("/var/swap", "file"), folder.path),
    ];
    write("devices/sda/queue/rotational", "1\n");
    write("devices/sda/sda2/partition", "2\n");
    write("devices/vdb/queue/rotational", "0\n");
    mkdirSync(folder.at("class/block"), { recursive: true });
    symlinkSync("../../devices/sda/sda2", folder.at("class/block/sda2"));
    symlinkSync("../../devices/vdb", folder.at("class/block/vdb"));
    expect(kinds()).toEqual(["zram", "rotating disk", "disk", "file"]);
    // as their names are when the mount of /dev is gone
    expect(kindOfSwap(areaOf("/zram3"), folder.path)).toBe("zram");
    expect(kindOfSwap(areaOf("/sda2"), folder.path)).toBe("rotating disk");
    expect(kindOfSwap(areaOf("/zram3", "file"), folder.path)).toBe("file");
    write("module/zswap/parameters/enabled", "Y\n");
    expect(kinds()).toEqual(["zram", "zswap", "zswap", "zswap"]);
  });
});
