import { demand } from "../guest/demand.ts";
import { isStockKernel } from "../guest/machine.ts";
import { MIB, trySlide } from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

/**
 * A process that uses none of its memory, on a stock kernel: smaps and process_madvise, which every
 * kernel since 5.10 has, see that and move it.
 * @param kernel how the kernel is called in the name.
 */
export function stockSmaps(kernel: string): Scenario {
  return {
    name: `stock_${kernel}_smaps`,
    deadlineSeconds: 300,
    async run() {
      demand(isStockKernel(), "this kernel has the etmem interface");
      const keys = { project: { tracker: "smaps" } };
      const { task } = await trySlide({ sizeBytes: 64 * MIB, hot: "none" }, keys);
      demand(
        task.tracker === "smaps" && task.mover === "process_madvise",
        `used ${task.tracker} and ${task.mover}`,
      );
    },
  };
}
