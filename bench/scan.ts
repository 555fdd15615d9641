import type { Benchmark } from "./benchmark.ts";
import { compileC } from "./compile_c.ts";
import { inFolder } from "./in_folder.ts";
import { measureScanCost } from "./scan_cost.ts";
import { ServerUnderTest } from "./server_under_test.ts";
import { TouchTarget } from "./touch_target.ts";

const MIB = 2 ** 20;

export const SCAN: Benchmark = {
  name: "scan",
  about:
    "a scan a second by smaps of 1 GiB, all in use: CPU of the server next to plain C, pace of the target",
  run: () =>
    inFolder(128 * MIB, async (folder) => {
      const compile = (name: string): string => compileC(`${import.meta.dir}/${name}.c`, folder);
      using target = await TouchTarget.start(compile("touch_target"), 1024 * MIB, folder);
      await using server = await ServerUnderTest.start(folder);
      return await measureScanCost({
        tracker: "smaps",
        server,
        target,
        baseline: compile("scan_baseline"),
        runs: 5,
        seconds: 5,
      });
    }),
};
