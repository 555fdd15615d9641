import { BOOTS } from "../scenarios.ts";
import type { Boot, Scenario } from "../scenario.ts";
import { kernelImage } from "./kernels.ts";
import { type BootResult, runBoot } from "./run_boot.ts";
import { prepareShare } from "./share.ts";

// Runs the scenarios of tests/vm/scenarios.ts, or those whose names contain one of the arguments,
// on at most two machines at a time. Those whose kernel cannot be had are skipped.
// The last line is "N passed, N failed".
const AT_ONCE = 2;

const wanted = process.argv.slice(2);
function selected(boot: Boot): Boot {
  const isWanted = ({ name }: Scenario): boolean =>
    wanted.length === 0 || wanted.some((part) => name.includes(part));
  return { ...boot, scenarios: boot.scenarios.filter(isWanted) };
}
const boots = BOOTS.map(selected).filter((boot) => boot.scenarios.length > 0);

let skipped = 0;

/** Runs the boots that are left, one after the other. */
async function work(queue: Boot[], share: string, results: BootResult[]): Promise<void> {
  for (let boot = queue.shift(); boot !== undefined; boot = queue.shift()) {
    const kernel = kernelImage(boot.kernel ?? "etmem");
    if (kernel.missing === undefined) {
      results.push(await runBoot(boot, share, kernel.image));
      continue;
    }
    for (const { name } of boot.scenarios) console.log(`skipped ${name}: ${kernel.missing}`);
    skipped += boot.scenarios.length;
  }
}

const results: BootResult[] = [];
const share = await prepareShare();
const queue = [...boots];
await Promise.all(Array.from({ length: AT_ONCE }, () => work(queue, share, results)));

const outcomes = results.flatMap((result) => result.outcomes);
const failed = outcomes.filter((outcome) => !outcome.passed);
for (const result of results) result.explain();
for (const { name, detail } of failed) console.log(`not ok ${name}: ${detail}`);
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${outcomes.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 && outcomes.length > 0 ? 0 : 1;
