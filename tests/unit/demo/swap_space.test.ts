import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readMemInfo } from "../../../src/procfs/meminfo.ts";

const DEMO = join(import.meta.dir, "../../../demo");

/** Asks for swap space, then takes everything away. */
const program = (needBytes: number, priority?: number): string => `
  const { mkdtempSync } = await import("node:fs");
  const { Caretaker } = await import("${DEMO}/caretaker.ts");
  const { provideSwap } = await import("${DEMO}/swap_space.ts");
  const caretaker = new Caretaker();
  const folder = mkdtempSync("/var/tmp/etmem-demo-test-");
  caretaker.entrust({ kind: "folder", path: folder });
  let outcome = "";
  try {
    outcome = provideSwap(${needBytes}, folder, caretaker, ${priority}).about;
  } catch (error) {
    outcome = String(error);
  }
  console.log(JSON.stringify({ folder, outcome, left: await caretaker.finish() }));`;

interface Said {
  readonly folder: string;
  readonly outcome: string;
  readonly left: string[];
}

/** Runs a program that may not add swap space. @param wrapper a command line in front of it. */
async function run(script: string, wrapper: readonly string[] = []): Promise<Said> {
  const powerless = ["setpriv", "--bounding-set", "-sys_admin", process.execPath, "-e", script];
  const child = Bun.spawn([...wrapper, ...powerless], { stdout: "pipe" });
  return JSON.parse(await child.stdout.text()) as Said;
}

test.skipIf(process.getuid?.() !== 0)(
  "provideSwap() throws with all reasons and leaves nothing when the kernel lets no swap be added",
  async () => {
    const { folder, outcome, left } = await run(
      program(readMemInfo().swapFreeBytes + 64 * 2 ** 20),
    );
    expect(outcome).toMatch(/^SetupError: this machine has .* the demo needs .* none can be made/);
    expect(outcome).toContain(`${folder}/swapfile: swapon failed: Operation not permitted`);
    expect(left).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  },
);

test.skipIf(process.getuid?.() !== 0)(
  "provideSwap() takes no swap space that is there for one of a priority of its own",
  async () => {
    // So much there is always.
    const need = Math.min(readMemInfo().swapFreeBytes, 2 ** 20);
    const noZram = 'mount -t tmpfs tmpfs /sys/class && mkdir /sys/class/zram-control && exec "$@"';
    const wrapper = ["unshare", "--mount", "sh", "-c", noZram, "sh"];
    expect((await run(program(need), wrapper)).outcome).toStartWith("this machine's own, ");
    const { outcome, left } = await run(program(need, 100), wrapper);
    expect(outcome).toMatch(/^SetupError: this machine has .* none can be made/);
    expect(left).toEqual([]);
  },
);
