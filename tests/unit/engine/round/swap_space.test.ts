import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { describeSwap, whyNoSwapSpace } from "../../../../src/engine/round/swap_space.ts";
import type { MemInfo } from "../../../../src/procfs/meminfo.ts";
import { ScratchFolder } from "../../../tools/fixtures/scratch_folder.ts";

const MIB = 2 ** 20;

/** The files of a machine with zram0, a disk behind it, and zswap. */
class FakeMachine implements Disposable {
  readonly #folder = new ScratchFolder();

  constructor(zramUsedMib: number, mmStat: string) {
    this.write("block/zram0/mm_stat", mmStat);
    this.write("block/zram0/comp_algorithm", "lzo [lz4]\n");
    this.write(
      "swaps",
      "Filename Type Size Used Priority\n" +
        "/dev/vdb partition 1048576 0 -2\n" +
        `/dev/zram0 partition 65536 ${zramUsedMib * 1024} 100\n`,
    );
    this.write("meminfo", "MemTotal: 1 kB\nZswap: 0 kB\nZswapped: 0 kB\n");
  }

  write(path: string, text: string): void {
    mkdirSync(this.#folder.at(path.replace(/\/?[^/]*$/, "")), { recursive: true });
    writeFileSync(this.#folder.at(path), text);
  }

  whyNoSwapSpace(free: number, total = 1088 * MIB): string | undefined {
    const memory = { swapTotalBytes: total, swapFreeBytes: free } as MemInfo;
    return whyNoSwapSpace(memory, this.#folder.path, this.#folder.path);
  }

  describe(): string {
    return describeSwap(this.#folder.path, this.#folder.path);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

const mmStat = (usedMib: number, limitMib: number): string =>
  `1 1 ${usedMib * MIB} ${limitMib * MIB} 1 0 0 0 0\n`;

describe("whyNoSwapSpace()", () => {
  test("says that there is none, or hardly any left", () => {
    using machine = new FakeMachine(0, mmStat(0, 0));
    expect(machine.whyNoSwapSpace(0, 0)).toBe("there is no swap space now");
    expect(machine.whyNoSwapSpace(17 * MIB)).toBeUndefined();
    expect(machine.whyNoSwapSpace(16 * MIB)).toBe("swap space is nearly full");
    expect(machine.whyNoSwapSpace(65 * MIB, 2 ** 40)).toBeUndefined();
    expect(machine.whyNoSwapSpace(63 * MIB, 2 ** 40)).toBe("swap space is nearly full");
  });

  test("says that the device that is filled next is near its limit", () => {
    using near = new FakeMachine(0, mmStat(63.5, 64));
    expect(near.whyNoSwapSpace(500 * MIB)).toBe("zram0 is nearly full: mem_limit");
    using below = new FakeMachine(0, mmStat(62, 64));
    expect(below.whyNoSwapSpace(500 * MIB)).toBeUndefined();
    using passed = new FakeMachine(64, mmStat(63.5, 64));
    expect(passed.whyNoSwapSpace(500 * MIB)).toBeUndefined();
    using unlimited = new FakeMachine(0, mmStat(63.5, 0));
    expect(unlimited.whyNoSwapSpace(500 * MIB)).toBeUndefined();
  });
});

test("describeSwap() names the areas in the order of their use", () => {
  using machine = new FakeMachine(0, mmStat(0, 0));
  const areas = "/dev/zram0 (zram lz4, priority 100), /dev/vdb (disk, priority -2)";
  expect(machine.describe()).toBe(areas);
  machine.write("block/zram0/backing_dev", "/dev/vdc\n");
  machine.write("module/zswap/parameters/enabled", "Y\n");
  machine.write("module/zswap/parameters/compressor", "zstd\n");
  expect(machine.describe()).toBe(
    `zswap zstd, ${areas.replace("lz4,", "lz4, backed by /dev/vdc,")}`,
  );
  machine.write("swaps", "Filename Type Size Used Priority\n");
  expect(machine.describe()).toBe("nothing");
});
