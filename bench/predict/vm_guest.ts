import { mkdirSync } from "node:fs";
import { messageOf } from "../../src/text/message_of.ts";
import { swapOnZram } from "../../tests/vm/guest/machine.ts";
import { WORKLOADS } from "../workload/workload_table.ts";
import { predictAndMove, VM_HASTE } from "./experiment.ts";

/**
 * The part of `npm run bench -- predict --vm` that is inside the test VM, in a process of its own.
 * Its argument is WORKLOAD,SEED; prints `result JSON`, or what went wrong.
 */
const BIN = "/tmp/bin";
const FOLDER = "/tmp/bench";
const SWAP_MIB = 1024;

const argument = process.argv[2] ?? "";
try {
  const [name, seed] = argument.split(",");
  const workload = WORKLOADS.find((known) => known.name === name);
  if (workload === undefined) throw new Error("there is no such workload");
  mkdirSync(FOLDER, { recursive: true });
  swapOnZram(SWAP_MIB);
  const place = {
    folder: FOLDER,
    bin: BIN,
    executable: `${BIN}/workload`,
    seed: Number(seed),
    haste: VM_HASTE,
    adviceOnly: false,
  };
  console.log(`result ${JSON.stringify(await predictAndMove(workload, place))}`);
} catch (error) {
  console.log(`not ok ${argument}: ${messageOf(error).replaceAll("\n", "; ")}`);
}
process.exit(0);
