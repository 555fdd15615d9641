import { EngineRefusal } from "../../../../src/engine/engine.ts";
import { project, SlideTrial, task } from "./slide_trial.ts";

/**
 * Started where /proc/meminfo tells of no swap space: says why a start is refused, and what a dry
 * run warns of.
 */
const target = { type: "pid", pid: process.pid } as const;
const trial = await SlideTrial.make(project({ tracker: "auto", mover: "auto" }), task(target));
try {
  await trial.engine.startTask("t");
  console.log("it was started");
} catch (error) {
  if (!(error instanceof EngineRefusal)) throw error;
  console.log(error.message);
}
await trial.engine.startTask("t", { isDryRun: true });
const { started, warnings } = trial.status();
console.log(`${started ? "started" : "stopped"}: ${warnings?.join("; ")}`);
await trial.engine.stopTask("t");
process.exit(0);
