import type { Scenario } from "../scenario.ts";
import { demandsMade } from "./demand.ts";

/**
 * The driver inside the VM: runs the scenario that its argument names and says `ok NAME` or
 * `not ok NAME: reason`. boot.sh gives each scenario a process of its own.
 * @returns the exit status, 0 or 1.
 */
export async function drive(scenarios: readonly Scenario[]): Promise<number> {
  const name = process.argv[2] ?? "";
  const started = performance.now();
  const reason = await run(scenarios.find((one) => one.name === name));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(reason === undefined ? `ok ${name} (${seconds} s)` : `not ok ${name}: ${reason}`);
  return reason === undefined ? 0 : 1;
}

async function run(scenario: Scenario | undefined): Promise<string | undefined> {
  if (scenario === undefined) return "there is no scenario of this name";
  try {
    await scenario.run();
    return demandsMade() === 0 ? "it demanded nothing" : undefined;
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    console.error(error.stack);
    return error.message.replaceAll("\n", "; ");
  }
}
