import { demand } from "../guest/demand.ts";
import { isStockKernel } from "../guest/machine.ts";
import { MIB, type Trial, trySlide } from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";
import { layouts } from "./slide_layouts.ts";

function checkUsed(tracker: string): (trial: Pick<Trial, "task">) => void {
  return ({ task }) => {
    demand(isStockKernel(), "this kernel has the etmem interface");
    demand(
      task.tracker === tracker && task.mover === "process_madvise",
      `used ${task.tracker} and ${task.mover}`,
    );
  };
}

/**
 * On a stock kernel each layout is seen page by page.
 * @param kernel how the kernel is called in the name.
 */
export function stockLayouts(kernel: string): Scenario[] {
  const size = process.env["FULL_SIZE"] === "1" ? 512 * MIB : 128 * MIB;
  return layouts(`stock_${kernel}`, {
    target: { sizeBytes: size },
    check: checkUsed("page_table"),
  });
}

/**
 * A process that uses none of its memory, by smaps: every kernel since 5.10 has that and
 * process_madvise.
 */
export function stockSmaps(kernel: string): Scenario {
  return {
    name: `slide_stock_${kernel}_smaps`,
    deadlineSeconds: 300,
    async run() {
      const keys = { project: { tracker: "smaps" } };
      checkUsed("smaps")(await trySlide({ sizeBytes: 64 * MIB, hot: "none" }, keys));
    },
  };
}
