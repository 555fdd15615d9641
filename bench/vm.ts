import { join } from "node:path";
import { bootDriver, missingMachine } from "../tests/vm/host/boot_driver.ts";
import type { Benchmark } from "./benchmark.ts";
import type { Figure, Outcome } from "./figure.ts";

const PROGRAMS = [
  "touch_target.c",
  "scan_baseline.c",
  "swap_baseline.c",
  "../tests/tools/fixtures/target.c",
];
const PART_SECONDS = 600;
const FIGURES = "figures ";

/**
 * The figures of some parts of vm_guest.ts. @throws {Error} with the reason of each that failed.
 */
async function inMachine(names: readonly string[]): Promise<Outcome[]> {
  const reason = missingMachine();
  if (reason !== undefined) return [{ what: "all of it", reason }];
  const lines = await bootDriver({
    driver: join(import.meta.dir, "vm_guest.ts"),
    programs: PROGRAMS.map((name) => join(import.meta.dir, name)),
    parts: names.map((name) => ({ name, seconds: PART_SECONDS })),
  });
  if (!names.every((name) => lines.includes(`ok ${name}`))) {
    const reasons = lines.filter((line) => line.startsWith("not ok"));
    throw new Error(reasons.length === 0 ? lines.join("\n") : reasons.join("; "));
  }
  return lines.filter((line) => line.startsWith(FIGURES)).flatMap((line) =>
    JSON.parse(line.slice(FIGURES.length)) as Figure[]
  );
}

export const VM_FREE: Benchmark = {
  name: "vm-free",
  about:
    "in an emulated machine: 256 MiB, 1 scan after 1 s, until 99.9 % of the cold pages are in swap",
  run: () => inMachine(["free"]),
};

export const VM_SCAN: Benchmark = {
  name: "vm-scan",
  about: "in an emulated machine: a scan a second of 256 MiB, all in use, as in scan",
  run: () => inMachine(["scan_idle_pages", "scan_page_idle"]),
};

export const VM_RECLAIM: Benchmark = {
  name: "vm-reclaim",
  about:
    "in an emulated machine: pages in use that come back while memory.high takes 96 MiB, a quarter " +
    "of them in use, down to 44, and a tracker scans before each step",
  run: () => inMachine(["reclaim_two_lists", "reclaim_multi_gen"]),
};
