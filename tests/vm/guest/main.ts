import { BOOTS } from "../scenarios.ts";
import { demandsMade } from "./demand.ts";

// The driver inside the VM: runs the scenario that is named and says `ok NAME` or `not ok NAME: reason`,
// with exit status 0 or 1. boot.sh gives each scenario a process of its own.
const name = process.argv[2] ?? "";
const scenario = BOOTS.flatMap((boot) => boot.scenarios).find((one) => one.name === name);

async function run(): Promise<string | undefined> {
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

const started = performance.now();
const reason = await run();
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(reason === undefined ? `ok ${name} (${seconds} s)` : `not ok ${name}: ${reason}`);
process.exit(reason === undefined ? 0 : 1);
