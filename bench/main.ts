import { cpus, loadavg, release } from "node:os";
import { BENCHMARKS } from "./benchmarks.ts";
import type { Outcome } from "./figure.ts";
import { allMet, formatTable } from "./table.ts";
import { benchPredict } from "./predict/main.ts";
import { benchWorkload } from "./workload/main.ts";

/**
 * Has this program measure one benchmark and print what came of it as JSON:
 * each has a process of its own.
 */
const CHILD_OPTION = "--outcomes-of";

const USAGE = `usage: npm run bench -- [--check] [NAME]...

Measures and prints a table: the median of several runs, the ratio to a baseline, the target and whether
it was met. Without names everything is measured but scale and scale-2000, which takes a quarter of an hour.

  --check  end with status 1 when a target is missed

       npm run bench -- workload [OPTION]...

Runs workloads beside what takes memory from them, etmemd or others, and prints what that saves and
costs; npm run bench -- workload --help lists the options. It is not part of "everything".

       npm run bench -- predict [OPTION]... [WORKLOAD]...

Compares what a dry run predicts, and what etmem advises, with what comes of it; neither is that.

Benchmarks:
${BENCHMARKS.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join("\n")}
`;

/** Measures in a fresh process. @throws {Error} when it fails; its reason is on standard error. */
async function measure(name: string): Promise<Outcome[]> {
  const child = Bun.spawn([process.execPath, import.meta.filename, CHILD_OPTION, name], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const text = await child.stdout.text();
  if (await child.exited !== 0) throw new Error(`the benchmark ${name} failed`);
  return JSON.parse(text) as Outcome[];
}

async function printOutcomes(name: string | undefined): Promise<number> {
  const outcomes = await BENCHMARKS.find((known) => known.name === name)?.run();
  console.log(JSON.stringify(outcomes));
  return 0;
}

async function build(): Promise<void> {
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/../build.ts`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (await child.exited !== 0) throw new Error("the build failed");
}

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === CHILD_OPTION) return printOutcomes(args[1]);
  if (args[0] === "workload") {
    if (!args.includes("--help") && !args.includes("-h")) await build();
    return benchWorkload(args.slice(1));
  }
  if (args[0] === "predict") {
    if (!args.includes("--help") && !args.includes("-h")) await build();
    return benchPredict(args.slice(1));
  }
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE);
    return 0;
  }
  const names = args.filter((arg) => arg !== "--check");
  const unknown = names.find((name) => !BENCHMARKS.some((known) => known.name === name));
  if (unknown !== undefined) {
    console.error(
      `Cannot measure "${unknown}": allowed is --check and any of ${
        BENCHMARKS.map(({ name }) => name).join(", ")
      }`,
    );
    return 2;
  }
  await build();
  const [processor] = cpus();
  console.log(
    `${processor?.model.trim()}, ${cpus().length} cores, Linux ${release()}, Bun ${Bun.version}`,
  );
  const chosen = BENCHMARKS.filter(({ name, isLong = false }) =>
    names.length === 0 ? !isLong : names.includes(name)
  );
  let isMet = true;
  for (const { name, about } of chosen) {
    const load = (loadavg()[0] ?? 0).toFixed(1);
    console.log(`\n${name}: ${about} (load average ${load} before)`);
    const outcomes = await measure(name);
    console.log(formatTable(outcomes));
    isMet &&= allMet(outcomes);
  }
  return isMet || !args.includes("--check") ? 0 : 1;
}

process.exit(await main(process.argv.slice(2)));
