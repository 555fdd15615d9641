import { existsSync, writeFileSync } from "node:fs";
import { Target } from "../../../tools/fixtures/target.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import { BIN, processMemory, swapOnZram } from "../../../vm/guest/machine.ts";
import { demand } from "../../../vm/guest/demand.ts";

const SIZE_BYTES = 16 * 2 ** 20;
let started = 0;

/** Makes swap on zram, unless it is there already. */
export function haveSwap(): void {
  if (existsSync("/run/has-swap")) return;
  swapOnZram(1024);
  writeFileSync("/run/has-swap", "");
}

/** A process of 16 MiB, all of them cold. */
export function startCold(): Promise<Target> {
  started += 1;
  return Target.start([`${BIN}/target`], `/tmp/record-${started}`, { sizeBytes: SIZE_BYTES });
}

/** Waits until all of its memory is in swap. */
export async function untilGone(target: Target): Promise<void> {
  await waitFor(`the memory of process ${target.pid} to go`, () => {
    return processMemory(target.pid, "VmSwap") >= SIZE_BYTES * 0.99;
  }, { firstPauseMs: 50 });
}

/** Demands that every page of it reads as it was written. */
export async function demandWhole(target: Target): Promise<void> {
  demand(await target.verify() === 0, "the contents of pages are wrong");
}
