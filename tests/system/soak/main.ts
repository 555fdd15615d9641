import { copyFileSync, mkdtempSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Caretaker } from "../../../demo/caretaker.ts";
import { SetupError } from "../../../demo/setup_error.ts";
import { provideSwap } from "../../../demo/swap_space.ts";
import { compile } from "../../tools/fixtures/compile.ts";
import type { Check } from "./check.ts";
import { swapPriorities } from "./kernel_counters.ts";
import { Random } from "../../tools/fixtures/random.ts";
import { reportLines } from "./report.ts";
import { Soak } from "./soak.ts";
import { SoakServer } from "./soak_server.ts";

const USAGE = `usage: npm run soak -- [--seconds N] [--seed N]

An etmemd for an hour, or so many seconds: 50 processes that come and go, 5 projects that are started,
stopped, deleted and added, clients of every kind. A line a minute, and a table of what was demanded.
The last line is "N passed, N failed". Needs root; makes swap for itself and takes it away again.
`;
const TARGET = join(import.meta.dir, "soak_target.c");
const HOUR_S = 3600;
/** Twice what all targets can have cold. */
const SWAP_BYTES = 2 ** 30;
/** What moves goes to the soak's own swap, also where there is other. */
const SWAP_PRIORITY = 100;
/** A soak that is longer rests in between. */
const LONG_S = 600;

async function soak(seconds: number, seed: number): Promise<Check[]> {
  const caretaker = new Caretaker();
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => abort.abort());
  }
  let left: string[] = [];
  let checks: Check[] = [];
  try {
    if (swapPriorities().some((priority) => priority >= SWAP_PRIORITY)) {
      throw new SetupError("another soak is under way, or there is swap space of a high priority");
    }
    const folder = mkdtempSync("/var/tmp/etmem-soak-");
    caretaker.entrust({ kind: "folder", path: folder });
    // A copy: a build in the meantime shall not change what is tested.
    copyFileSync(join(import.meta.dir, "../../../dist/etmem"), `${folder}/etmem`);
    symlinkSync("etmem", `${folder}/etmemd`);
    const swap = provideSwap(SWAP_BYTES, folder, caretaker, SWAP_PRIORITY);
    console.log(`soak of ${seconds} s, seed ${seed}; swap: ${swap.about}`);
    const blurredBy = swap.about.includes("on /dev/zram")
      ? undefined
      : "swap is not the soak's own zram device, and the swap cache keeps copies";
    const server = await SoakServer.start(folder, (pid) => caretaker.entrustProcess(pid));
    try {
      checks = await new Soak(
        {
          seconds,
          rests: seconds > LONG_S ? 3 : 0,
          ...(blurredBy === undefined ? {} : { blurredBy }),
        },
        server,
        compile(TARGET),
        new Random(seed),
      ).run(abort.signal);
    } finally {
      await server.release();
    }
  } finally {
    left = await caretaker.finish();
  }
  return [...checks, { name: "the machine is as it was", detail: "", faults: left }];
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: "string", default: String(HOUR_S) },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
  if (!Number.isInteger(seconds) || seconds < 1 || !Number.isInteger(seed)) {
    console.error(
      `Cannot soak: --seconds ${values.seconds} --seed ${values.seed}: whole numbers are allowed`,
    );
    return 2;
  }
  if (process.getuid?.() !== 0) {
    console.error("Cannot soak: it needs root");
    return 1;
  }
  try {
    const checks = await soak(seconds, seed);
    for (const line of reportLines(checks)) console.log(line);
    return checks.every(({ faults }) => faults.length === 0) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`Cannot soak: ${error.message}`);
    return 1;
  }
}

process.exit(await main(process.argv.slice(2)));
