import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readMemInfo } from "../../src/procfs/meminfo.ts";

const DEMO = join(import.meta.dir, "../../demo");

/** Asks for more swap space than there is, then takes everything away. */
const PROGRAM = `
  const { mkdtempSync } = await import("node:fs");
  const { Caretaker } = await import("${DEMO}/caretaker.ts");
  const { provideSwap } = await import("${DEMO}/swap_space.ts");
  const caretaker = new Caretaker();
  const folder = mkdtempSync("/var/tmp/etmem-demo-test-");
  caretaker.entrust({ kind: "folder", path: folder });
  let outcome = "";
  try {
    outcome = provideSwap(${readMemInfo().swapFreeBytes + 64 * 2 ** 20}, folder, caretaker).about;
  } catch (error) {
    outcome = String(error);
  }
  console.log(JSON.stringify({ folder, outcome, left: await caretaker.finish() }));`;

test.skipIf(process.getuid?.() !== 0)(
  "provideSwap() throws with all reasons and leaves nothing when the kernel lets no swap be added",
  async () => {
    const command = ["setpriv", "--bounding-set", "-sys_admin", process.execPath, "-e", PROGRAM];
    const child = Bun.spawn(command, { stdout: "pipe" });
    const { folder, outcome, left } = JSON.parse(await child.stdout.text()) as {
      folder: string;
      outcome: string;
      left: string[];
    };
    expect(outcome).toMatch(/^SetupError: this machine has .* the demo needs .* none can be made/);
    expect(outcome).toContain(`${folder}/swapfile: swapon failed: Operation not permitted`);
    expect(left).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  },
);
