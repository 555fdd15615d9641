import { withFolder } from "../in_folder.ts";
import type { Item } from "./item.ts";
import { folderOfBuild } from "./other_build.ts";
import { compileProgram } from "./programs.ts";
import { type NoRun, type Run, runBeside } from "./run.ts";
import type { Settings } from "./settings.ts";

/** Twice what a workload has. */
const SWAP_BYTES = 512 * 2 ** 20;
const BIN = `${import.meta.dir}/../../dist`;

/** Runs each item on this machine, one after the other. @throws {SetupError} */
export function runOnHost(
  items: readonly Item[],
  { seconds, windowSeconds, seed, before }: Settings,
  onRun: (item: Item, run: Run | NoRun) => void,
): Promise<void> {
  return withFolder(SWAP_BYTES, async (folder) => {
    const executable = compileProgram("workload", folder);
    const beforeBin = before === undefined ? undefined : folderOfBuild(before, folder);
    for (const [number, item] of items.entries()) {
      const { workload, peer } = item;
      const comm = `load-${process.pid}-${number}`;
      const course = { seconds, seed };
      const settings = { executable, workload, course, windowSeconds, comm };
      onRun(item, await runBeside(peer, settings, { folder, bin: BIN, before: beforeBin }));
    }
  });
}
