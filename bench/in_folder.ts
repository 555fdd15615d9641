import { mkdtempSync } from "node:fs";
import { Caretaker } from "../demo/caretaker.ts";
import { SetupError } from "../demo/setup_error.ts";
import { provideSwap } from "../demo/swap_space.ts";
import type { Outcome } from "./figure.ts";

/**
 * Gives a benchmark a folder and swap space of its own, if it can;
 * everything is taken away afterwards.
 */
export async function inFolder(
  swapBytes: number,
  run: (folder: string) => Promise<Outcome[]>,
): Promise<Outcome[]> {
  if (process.getuid?.() !== 0) return [{ what: "all of it", reason: "it needs root" }];
  const caretaker = new Caretaker();
  try {
    const folder = mkdtempSync("/var/tmp/etmem-bench-");
    caretaker.entrust({ kind: "folder", path: folder });
    if (swapBytes > 0) provideSwap(swapBytes, folder, caretaker);
    return await run(folder);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return [{ what: "all of it", reason: error.message }];
  } finally {
    for (const line of await caretaker.finish()) console.error(`Left behind: ${line}`);
  }
}
