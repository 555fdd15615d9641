import { mkdtempSync } from "node:fs";
import { Caretaker } from "../demo/caretaker.ts";
import { SetupError } from "../demo/setup_error.ts";
import { provideSwap } from "../demo/swap_space.ts";
import type { Outcome } from "./figure.ts";

/**
 * Gives a benchmark a folder, and swap space where the machine has too little; everything is taken
 * away afterwards. @throws {SetupError} when that is not possible.
 */
export async function withFolder<Result>(
  swapBytes: number,
  run: (folder: string) => Promise<Result>,
): Promise<Result> {
  if (process.getuid?.() !== 0) throw new SetupError("it needs root");
  const caretaker = new Caretaker();
  try {
    const folder = mkdtempSync("/var/tmp/etmem-bench-");
    caretaker.entrust({ kind: "folder", path: folder });
    if (swapBytes > 0) provideSwap(swapBytes, folder, caretaker);
    return await run(folder);
  } finally {
    for (const line of await caretaker.finish()) console.error(`Left behind: ${line}`);
  }
}

/** The same for a benchmark that says what it had to leave out. */
export async function inFolder(
  swapBytes: number,
  run: (folder: string) => Promise<Outcome[]>,
): Promise<Outcome[]> {
  try {
    return await withFolder(swapBytes, run);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return [{ what: "all of it", reason: error.message }];
  }
}
