import { BIN, swapOnZram } from "../guest/machine.ts";
import { demand } from "../guest/demand.ts";

import type { Scenario } from "../scenario.ts";

/** The kernel interface itself, by abitest.c: what all other scenarios stand on. */
export const abi: Scenario = {
  name: "abi",
  deadlineSeconds: 300,
  async run() {
    swapOnZram(512);
    const child = Bun.spawn([`${BIN}/abitest`], { stdio: ["ignore", "pipe", "inherit"] });
    const output = await child.stdout.text();
    console.error(output);
    const checks = Number(/^(\d+) checks, 0 failed$/m.exec(output)?.[1] ?? 0);
    const failed = output.split("\n").filter((line) => line.startsWith("FAIL"));
    demand(checks >= 51, `${checks} of 51 checks are good: ${failed.join("; ")}`);
  },
};
