import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Benchmark } from "./benchmark.ts";
import type { Outcome } from "./figure.ts";
import { ServerUnderTest } from "./server_under_test.ts";

const PAIRS = 60;
const WARM_UP_PAIRS = 5;

/** A compiled program that does nothing, built as etmem is. */
async function buildEmptyProgram(folder: string): Promise<string> {
  const source = join(folder, "empty.ts");
  const outfile = join(folder, "empty");
  writeFileSync(source, "");
  await Bun.build({
    entrypoints: [source],
    target: "bun",
    format: "esm",
    minify: true,
    bytecode: true,
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  });
  return outfile;
}

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Runs a program from its start to its end. */
function costOf(command: string[]): Cost {
  const begin = performance.now();
  const { success, resourceUsage } = Bun.spawnSync(command, { stdin: "ignore", stdout: "ignore" });
  const wallMs = performance.now() - begin;
  if (!success) throw new Error(`Cannot run "${command.join(" ")}"`);
  return { wallMs, cpuMs: Number(resourceUsage.cpuTime.total) / 1000 };
}

export const CLIENT: Benchmark = {
  name: "client",
  about: "etmem project show, the whole process, in turn with an empty compiled Bun program",
  async run(): Promise<Outcome[]> {
    const folder = mkdtempSync(join(tmpdir(), "etmem-bench-"));
    try {
      const empty = [await buildEmptyProgram(folder)];
      await using server = await ServerUnderTest.start(folder);
      const etmem = `${import.meta.dir}/../dist/etmem`;
      const show = [etmem, "project", "show", "-s", server.socket];
      const pairs: (readonly [show: Cost, empty: Cost])[] = [];
      for (let i = -WARM_UP_PAIRS; i < PAIRS; i++) {
        const pair = [costOf(show), costOf(empty)] as const;
        if (i >= 0) pairs.push(pair);
      }
      const name = "empty program";
      return [
        {
          what: "etmem project show",
          unit: "ms",
          values: pairs.map(([own]) => own.wallMs),
          baseline: { name, values: pairs.map(([, other]) => other.wallMs) },
          targets: [
            { of: "median", is: "at most", limit: 12 },
            { of: "ratio", is: "at most", limit: 2.5 },
          ],
        },
        {
          what: "etmem project show, CPU",
          unit: "ms",
          values: pairs.map(([own]) => own.cpuMs),
          baseline: { name, values: pairs.map(([, other]) => other.cpuMs) },
        },
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
