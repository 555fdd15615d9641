import { BOOTS } from "../scenarios.ts";
import type { Boot } from "../scenario.ts";
import { type BootResult, runBoot } from "./run_boot.ts";
import { prepareShare } from "./share.ts";

// Runs the scenarios of tests/vm/scenarios.ts, or those whose names contain one of the arguments,
// on at most two machines at a time. The last line is "N passed, N failed".
const AT_ONCE = 2;

const wanted = process.argv.slice(2);
const boots = BOOTS.map(({ name, scenarios }): Boot => ({
  name,
  scenarios: scenarios.filter((one) =>
    wanted.length === 0 || wanted.some((part) => one.name.includes(part))
  ),
})).filter((boot) => boot.scenarios.length > 0);

/** Runs the boots that are left, one after the other. */
async function work(queue: Boot[], share: string, results: BootResult[]): Promise<void> {
  for (let boot = queue.shift(); boot !== undefined; boot = queue.shift()) {
    results.push(await runBoot(boot, share));
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
console.log(`${outcomes.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 && outcomes.length > 0 ? 0 : 1;
