import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SetupError } from "../../demo/setup_error.ts";
import { bootDriver, missingMachine } from "../../tests/vm/host/boot_driver.ts";
import { withFolder } from "../in_folder.ts";
import { compileProgram } from "../workload/programs.ts";
import { type Workload, WORKLOADS } from "../workload/workload_table.ts";
import { EXPERIMENT_SECONDS, predictAndMove, type Result, VM_HASTE } from "./experiment.ts";
import { resultTable, shortfalls } from "./result_table.ts";

const DEFAULT = ["zipf", "first"];
const SEED = 1;
/** Twice what a workload has. */
const SWAP_BYTES = 512 * 2 ** 20;
const BIN = `${import.meta.dir}/../../dist`;
const OPTIONS = new Set(["--check", "--vm", "--advice"]);
const RESULT = "result ";
const BOOT_SECONDS = 90;
/** To start everything on an emulated processor. */
const EXTRA_SECONDS = 1200;

const USAGE = `usage: npm run bench -- predict [--check] [--vm | --advice] [WORKLOAD]...

Looks at workloads in a dry run, and compares what is predicted and advised with what comes of moving.
Each takes 12 minutes, and 20 more where advice has to look for longer (zipf).
Without names: ${DEFAULT.join(" and ")}.

  --check   end with status 1 when a prediction or advice is not kept
  --vm      in the test VM
  --advice  only what is advised, not what is predicted of three ages

Workloads: ${
  WORKLOADS.filter(({ processes }) => processes === 1).map(({ name }) => name).join(", ")
}
`;

async function onHost(
  workloads: readonly Workload[],
  take: (result: Result) => void,
  adviceOnly: boolean,
) {
  await withFolder(SWAP_BYTES, async (folder) => {
    const executable = compileProgram("workload", folder);
    for (const workload of workloads) {
      const place = { folder, bin: BIN, executable, seed: SEED, haste: 1, adviceOnly };
      take(await predictAndMove(workload, place));
    }
  });
}

async function inVm(workloads: readonly Workload[], take: (result: Result) => void) {
  const reason = missingMachine();
  if (reason !== undefined) throw new SetupError(reason);
  const seconds = EXPERIMENT_SECONDS * VM_HASTE + EXTRA_SECONDS;
  const folder = mkdtempSync(join(tmpdir(), "etmem-bench-"));
  try {
    await bootDriver({
      driver: join(import.meta.dir, "vm_guest.ts"),
      programs: [],
      executables: [compileProgram("workload", folder)],
      parts: workloads.map(({ name }) => ({ name: `${name},${SEED}`, seconds })),
      machine: { TIMEOUT: String(BOOT_SECONDS + workloads.length * seconds) },
      onLine: (line) => {
        if (line.startsWith("not ok")) throw new Error(line);
        if (line.startsWith(RESULT)) take(JSON.parse(line.slice(RESULT.length)) as Result);
      },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `npm run bench -- predict`. @returns the exit status. */
export async function benchPredict(args: readonly string[]): Promise<number> {
  const names = args.filter((arg) => !arg.startsWith("-"));
  const unknown = args.find((arg) => arg.startsWith("-") && !OPTIONS.has(arg)) ??
    names.find((name) => !WORKLOADS.some((known) => known.name === name));
  const isMixed = args.includes("--vm") && args.includes("--advice");
  if (unknown !== undefined || isMixed) {
    console.log(USAGE);
    return unknown === "--help" || unknown === "-h" ? 0 : 2;
  }
  const chosen = names.length === 0 ? DEFAULT : names;
  const workloads = WORKLOADS.filter(({ name }) => chosen.includes(name));
  let isKept = true;
  const take = (result: Result): void => {
    console.log(`\n${resultTable(result)}`);
    const missed = shortfalls(result);
    for (const line of missed) console.log(`not kept: ${line}`);
    isKept &&= missed.length === 0;
  };
  try {
    if (args.includes("--vm")) await inVm(workloads, take);
    else await onHost(workloads, take, args.includes("--advice"));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`Cannot measure: ${error.message}`);
    return 1;
  }
  return isKept || !args.includes("--check") ? 0 : 1;
}
