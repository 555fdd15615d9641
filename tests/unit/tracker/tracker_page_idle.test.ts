import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

const SWITCH = "/proc/sys/kernel/numa_balancing";
const TRACKER = join(import.meta.dir, "../../../src/tracker/tracker_page_idle.ts");

/**
 * What the tracker says where the kernel's switch shows a value.
 * @returns undefined when that cannot be tried.
 */
function cautionAt(value: string): string | undefined {
  using folder = new ScratchFolder();
  writeFileSync(folder.at("switch"), value);
  const child = Bun.spawnSync([
    "unshare",
    "--mount",
    "sh",
    "-c",
    `mount --bind "$0" ${SWITCH} && exec "$@"`,
    folder.at("switch"),
    process.execPath,
    "-e",
    `import { PAGE_IDLE } from ${JSON.stringify(TRACKER)}; console.log(PAGE_IDLE.caution());`,
  ]);
  if (child.exitCode === 0) return child.stdout.toString().trim();
  console.log(`caution(): left out: ${child.stderr.toString()}`);
  return undefined;
}

describe.skipIf(!existsSync(SWITCH))("the page_idle tracker", () => {
  test("caution() warns of numa_balancing while it is on", () => {
    const warning = "numa_balancing is on: pages that it moves count as used";
    for (const [value, said] of [["0\n", "undefined"], ["1\n", warning], ["2\n", warning]]) {
      expect(cautionAt(value ?? "") ?? said).toBe(said ?? "");
    }
  });
});
