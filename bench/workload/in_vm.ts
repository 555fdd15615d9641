import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootDriver, missingMachine } from "../../tests/vm/host/boot_driver.ts";
import { SetupError } from "../../demo/setup_error.ts";
import type { Item } from "./item.ts";
import { compileProgram } from "./programs.ts";
import type { NoRun, Run } from "./run.ts";
import type { Settings } from "./settings.ts";

/** To start everything, and to compare at the end, on an emulated processor. */
const EXTRA_SECONDS = 200;
const BOOT_SECONDS = 90;
/** A processor whose clock counts instructions may take so much longer than its clock says. */
const SLOW = 8;
const RUN = "run ";
/** What the guest knows the other build by. */
const BEFORE = "etmem_before";

/**
 * One processor that takes a nanosecond for each instruction, and none to sleep (QEMU's
 * docs/devel/tcg-icount.rst).
 */
const ICOUNT = {
  ACCEL: "tcg,thread=single",
  SMP: "1",
  QEMU_EXTRA: "-icount shift=0,sleep=off",
};

/** Runs each item in the test VM, one after the other. @throws {SetupError} without a VM. */
export async function runInVm(
  items: readonly Item[],
  settings: Settings,
  onRun: (item: Item, run: Run | NoRun) => void,
): Promise<void> {
  const reason = missingMachine();
  if (reason !== undefined) throw new SetupError(reason);
  const { seconds, windowSeconds, seed, place } = settings;
  const partSeconds = seconds + EXTRA_SECONDS;
  const limit = BOOT_SECONDS + items.length * partSeconds * (place === "icount" ? SLOW : 1);
  const waiting = new Map(items.map((item) => {
    const name = [item.workload.name, item.peer.name, seconds, windowSeconds, seed, item.pass];
    return [name.join(","), item];
  }));
  const folder = mkdtempSync(join(tmpdir(), "etmem-bench-"));
  try {
    const executables = (["workload", "reclaim"] as const).map((name) =>
      compileProgram(name, folder)
    );
    if (settings.before !== undefined) {
      executables.push(join(folder, BEFORE));
      copyFileSync(settings.before, join(folder, BEFORE));
    }
    await bootDriver({
      driver: join(import.meta.dir, "vm_guest.ts"),
      programs: [],
      executables,
      parts: [...waiting.keys()].map((name) => ({ name, seconds: partSeconds })),
      machine: { TIMEOUT: String(limit), ...(place === "icount" ? ICOUNT : {}) },
      onLine: (line) => takeLine(line, waiting, onRun),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
  if (waiting.size > 0) throw new Error(`the VM did not run ${[...waiting.keys()].join(" ")}`);
}

/** @throws {Error} with the reason of an item that failed. */
function takeLine(
  line: string,
  waiting: Map<string, Item>,
  onRun: (item: Item, run: Run | NoRun) => void,
): void {
  if (line.startsWith("not ok")) throw new Error(line);
  if (!line.startsWith(RUN)) return;
  const space = line.indexOf(" ", RUN.length);
  const name = line.slice(RUN.length, space);
  const item = waiting.get(name);
  if (item === undefined) throw new Error(`Cannot tell what the VM ran: ${line.slice(0, space)}`);
  waiting.delete(name);
  onRun(item, JSON.parse(line.slice(space + 1)) as Run | NoRun);
}
