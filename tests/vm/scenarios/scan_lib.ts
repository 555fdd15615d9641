import { writeFileSync } from "node:fs";
import { demand } from "../guest/demand.ts";
import { BIN, kernelActivity, setFoldIdle } from "../guest/machine.ts";
import type { Scenario } from "../scenario.ts";

/** Enough for two processes at a time of tests/unit/scan_lib/live_test.c. */
const HUGE_PAGES = 16;
const POOL = "/proc/sys/vm/nr_hugepages";

/** Runs live_test.c, which scans its own children by libetmemd_scan in one of two ways. */
function liveTest(way: "idle_pages" | "page_idle"): void {
  writeFileSync(POOL, String(HUGE_PAGES));
  try {
    const before = kernelActivity();
    const { exitCode, stdout, stderr } = Bun.spawnSync([`${BIN}/scan_lib_test`, way]);
    const checks = Number(/^(\d+) checks, 0 failed$/m.exec(stdout.toString())?.[1] ?? 0);
    const what = `${JSON.stringify(before)} -> ${JSON.stringify(kernelActivity())}`;
    demand(exitCode === 0, `status ${exitCode}, ${what}: ${stderr.toString().trim()}`);
    demand(checks > 100, `only ${checks} checks were made`);
  } finally {
    writeFileSync(POOL, "0");
  }
}

function scenario(name: string, way: "idle_pages" | "page_idle", foldIdle: boolean): Scenario {
  return {
    name,
    deadlineSeconds: 120,
    run() {
      setFoldIdle(foldIdle);
      liveTest(way);
      return Promise.resolve();
    },
  };
}

/** The scan library sees accessed, idle, huge and missing pages of real processes right. */
export const scanLib: readonly Scenario[] = [
  scenario("scan_lib_idle_pages", "idle_pages", true),
  scenario("scan_lib_idle_pages_fold_off", "idle_pages", false),
  scenario("scan_lib_page_idle", "page_idle", true),
];
